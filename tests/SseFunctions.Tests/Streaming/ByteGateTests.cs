using SseFunctions.Streaming;

namespace SseFunctions.Tests.Streaming;

public class ByteGateTests
{
    private readonly ByteGate gate = new(10);

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

    private Task<IDisposable> EnterAsync(long bytes) => gate.EnterAsync(bytes, CancellationToken.None).WaitAsync(TestSupport.SseStream.Timeout);
}
