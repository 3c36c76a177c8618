using SseFunctions.Streaming;

namespace SseFunctions.Tests.Streaming;

public class FairGateTests
{
    private readonly FairGate gate = new(10, maxWaiting: 2);

    [Fact]
    public async Task EnterAsync_admits_in_order_what_fits()
    {
        var first = await EnterAsync(6);
        var large = EnterAsync(5);
        var small = EnterAsync(1); // would fit, and comes after one that does not

        Assert.Equal((false, false, 2), (large.IsCompleted, small.IsCompleted, gate.Waiting));
        first.Dispose();
        await large;
        await small;
        Assert.Equal(0, gate.Waiting);
    }

    [Fact]
    public async Task Room_that_is_given_back_twice_counts_once()
    {
        var first = await EnterAsync(6);
        await EnterAsync(4);

        first.Dispose();
        first.Dispose();

        await EnterAsync(6);
        Assert.Null(gate.TryEnter(1));
    }

    [Fact]
    public async Task EnterAsync_admits_what_is_over_the_capacity_alone()
    {
        var first = await EnterAsync(1);
        var huge = EnterAsync(11);
        Assert.False(huge.IsCompleted);

        first.Dispose();
        var alone = await huge;
        var next = EnterAsync(1);
        Assert.False(next.IsCompleted);

        alone.Dispose();
        await next;
    }

    [Fact]
    public async Task EnterAsync_keeps_no_room_for_who_has_given_up()
    {
        using var givesUp = new CancellationTokenSource();
        var first = await EnterAsync(10);
        var given = gate.EnterAsync(10, givesUp.Token);
        var next = EnterAsync(10);

        await givesUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        Assert.False(next.IsCompleted);
        first.Dispose();

        await next.WaitAsync(TestSupport.SseStream.Timeout);
    }

    /// <summary>However long nobody leaves, those who come and give up do not add up.</summary>
    [Fact]
    public async Task EnterAsync_keeps_nobody_in_the_queue_who_has_given_up()
    {
        using var givesUp = new CancellationTokenSource();
        using var first = await EnterAsync(6);
        var large = gate.EnterAsync(5, givesUp.Token);
        var small = EnterAsync(1);

        await givesUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        await small; // it fits, and nobody is before it any more
        Assert.Equal(0, gate.Waiting);
    }

    [Fact]
    public async Task EnterAsync_refuses_who_would_make_the_queue_too_long()
    {
        var first = await EnterAsync(10);
        var (second, third) = (EnterAsync(1), EnterAsync(1));

        await Assert.ThrowsAsync<ReadsBusyException>(() => EnterAsync(1));

        first.Dispose();
        await Task.WhenAll(second, third);
    }

    [Fact]
    public async Task TryEnter_takes_room_that_nobody_waits_for()
    {
        var first = gate.TryEnter(6);
        Assert.NotNull(first);
        Assert.Null(gate.TryEnter(5));
        var second = gate.TryEnter(4);
        Assert.NotNull(second);

        var waiting = EnterAsync(7);
        second.Dispose();
        Assert.Null(gate.TryEnter(4));
        first.Dispose();
        await waiting;
    }

    [Fact]
    public async Task Room_that_shrinks_admits_who_waits_for_the_rest()
    {
        var first = await EnterAsync(8);
        var (second, third) = (EnterAsync(6), EnterAsync(3));

        first.ShrinkTo(9); // is smaller already
        Assert.False(second.IsCompleted);
        first.ShrinkTo(4);
        await second;
        Assert.False(third.IsCompleted);

        first.Dispose();
        await third;
        Assert.NotNull(gate.TryEnter(1));
        Assert.Null(gate.TryEnter(1));
    }

    private Task<FairGate.Room> EnterAsync(long bytes) => gate.EnterAsync(bytes, CancellationToken.None).WaitAsync(TestSupport.SseStream.Timeout);
}
