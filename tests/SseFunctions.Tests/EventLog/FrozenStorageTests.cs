using Microsoft.Extensions.Time.Testing;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

/// <summary>Storage that takes requests and never answers: a write ends within 20 s as a whole, a read within 5 s.</summary>
public sealed class FrozenStorageTests : IAsyncLifetime
{
    // What the README and the doc comments promise: a log that takes longer has another timeout than it says.
    private static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);
    private readonly TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource thaws = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private StorageProxy proxy = null!;
    private LogTable table = null!;
    private TableEventLog log = null!;

    public async Task InitializeAsync()
    {
        proxy = await StorageProxy.StartAsync();
        table = await LogTable.NewAsync();
        log = table.Through(proxy).Log(time);
        await table.Client().CreateIfNotExistsAsync(); // to create it takes a delay, which does not end by itself here
        await log.AppendTextsAsync("before");
    }

    public async Task DisposeAsync()
    {
        thaws.TrySetResult();
        await proxy.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)] // the request has come to nothing
    public async Task AppendAsync_fails_after_20_s_and_a_repeat_finds_out_what_became_of_it(bool arrives)
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        proxy.Intercept = async call =>
        {
            held.TrySetResult();
            await thaws.Task;
            if (arrives)
            {
                using var answer = await call.ForwardAsync();
            }

            call.Reset();
            arrived.TrySetResult();
        };
        var append = log.AppendOnceAsync("key", "a");
        await held.Task.WaitAsync(SseStream.Timeout);

        time.Advance(WriteTimeout - TimeSpan.FromTicks(1));
        Assert.False(append.IsCompleted);
        time.Advance(TimeSpan.FromTicks(1));

        await Assert.ThrowsAsync<EventLogUnavailableException>(() => append.WaitAsync(SseStream.Timeout));
        thaws.SetResult();
        await arrived.Task.WaitAsync(SseStream.Timeout);
        proxy.Intercept = null;
        var repeat = await log.AppendOnceAsync("key", "a");
        Assert.Equal((arrives ? AppendOutcome.Repeated : AppendOutcome.Appended, 2), (repeat.Outcome, repeat.First));
        Assert.Equal(["before", "a"], await table.Log().ReadTextsAsync());
    }

    /// <summary>The first to ask is not alone for long: the others of its batch must not wait for another 20 s.</summary>
    [Fact]
    public async Task AppendAsync_fails_after_20_s_when_it_waits_for_a_write_without_an_answer()
    {
        Freeze();
        var first = log.AppendTextsAsync("a");
        await held.Task.WaitAsync(SseStream.Timeout);
        Task[] waiting = [log.AppendTextsAsync("b"), log.AppendOnceAsync("key", "c"), log.CompleteAsync()];

        time.Advance(WriteTimeout);

        foreach (var append in (Task[])[first, .. waiting])
            await Assert.ThrowsAsync<EventLogUnavailableException>(() => append.WaitAsync(SseStream.Timeout));
    }

    [Fact]
    public async Task CompleteAsync_fails_after_20_s()
    {
        proxy.Intercept = call => call.IsTransaction ? FreezeAsync() : StorageProxy.PassOnAsync(call);
        var completing = log.CompleteAsync();
        await held.Task.WaitAsync(SseStream.Timeout);

        time.Advance(WriteTimeout);

        await Assert.ThrowsAsync<EventLogUnavailableException>(() => completing.WaitAsync(SseStream.Timeout));
    }

    [Theory]
    [InlineData("head")]
    [InlineData("events")]
    [InlineData("topics")]
    [InlineData("ping")]
    public async Task A_read_fails_after_5_s(string what)
    {
        Freeze();
        var reads = proxy.Reads;
        var read = what switch
        {
            "head" => log.ReadHeadAsync(Orders, CancellationToken.None),
            "events" => log.ReadAsync(Orders, "epoch1", 1, 2, CancellationToken.None),
            "topics" => ListAsync(),
            _ => (Task)log.PingAsync(CancellationToken.None),
        };
        await held.Task.WaitAsync(SseStream.Timeout);
        Assert.False(read.IsCompleted);

        time.Advance(ReadTimeout);

        await Assert.ThrowsAsync<EventLogUnavailableException>(() => read.WaitAsync(SseStream.Timeout));
        Assert.Equal(reads + 1, proxy.Reads); // it has not waited for the storage client to give up, which tries three times

        async Task ListAsync()
        {
            await foreach (var topic in log.TopicsAsync(CancellationToken.None))
                Assert.Fail(topic.Name);
        }
    }

    private void Freeze() => proxy.Intercept = _ => FreezeAsync();

    private async Task FreezeAsync()
    {
        held.TrySetResult();
        await thaws.Task;
    }
}
