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

    /// <summary>However little each of its requests takes: what has come late for one has not the same time again for the next.</summary>
    [Fact]
    public async Task ListTopicsAsync_fails_after_5_s_as_a_whole()
    {
        var page = HoldNext(call => call.IsQuery);
        var listing = log.ListTopicsAsync("", "", 10, CancellationToken.None);
        await page.HeldAsync();
        time.Advance(TimeSpan.FromSeconds(3));
        var head = HoldNext(call => call.Method == "GET");
        page.Release();
        await head.HeldAsync();

        time.Advance(TimeSpan.FromSeconds(2) - TimeSpan.FromTicks(1));
        Assert.False(listing.IsCompleted);
        time.Advance(TimeSpan.FromTicks(1));

        await Assert.ThrowsAsync<EventLogUnavailableException>(() => listing.WaitAsync(SseStream.Timeout));
        head.Release();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // storage has done what is not answered
    public async Task DeleteTopicAsync_fails_after_20_s_as_a_whole_and_a_repeat_goes_on(bool arrives)
    {
        await log.AppendOnceAsync("key", "a");
        var marking = HoldNext(call => call.Method == "PATCH");
        var deleting = log.DeleteTopicAsync(Orders, CancellationToken.None);
        await marking.HeldAsync();
        time.Advance(TimeSpan.FromSeconds(16));
        var rows = HoldNext(call => arrives ? call.IsTransaction : call.IsQuery);
        marking.Release();
        await rows.HeldAsync();

        time.Advance(TimeSpan.FromSeconds(4) - TimeSpan.FromTicks(1));
        Assert.False(deleting.IsCompleted);
        time.Advance(TimeSpan.FromTicks(1));

        await Assert.ThrowsAsync<EventLogUnavailableException>(() => deleting.WaitAsync(SseStream.Timeout));
        Assert.True((await table.Log().HeadAsync())!.IsDeleted); // for readers it is gone already
        await rows.PassOnAsync();
        Assert.True(await log.DeleteTopicAsync(Orders, CancellationToken.None).WaitAsync(SseStream.Timeout));
        Assert.Empty(await table.RowKeysAsync(Orders.Name));
        Assert.Equal(1, (await table.Log().AppendTextsAsync("anew")).First);
    }

    [Fact]
    public async Task SetRetentionAsync_fails_after_20_s_and_a_repeat_sets_it()
    {
        var retention = new TopicRetention(MaxEvents: 7);
        var set = HoldNext(call => call.Method == "PUT");
        var setting = log.SetRetentionAsync(Orders, retention, CancellationToken.None);
        await set.HeldAsync();

        time.Advance(WriteTimeout - TimeSpan.FromTicks(1));
        Assert.False(setting.IsCompleted);
        time.Advance(TimeSpan.FromTicks(1));

        await Assert.ThrowsAsync<EventLogUnavailableException>(() => setting.WaitAsync(SseStream.Timeout));
        set.Release();
        await log.SetRetentionAsync(Orders, retention, CancellationToken.None).WaitAsync(SseStream.Timeout);
        Assert.Equal(retention, (await table.EntryAsync(Orders))!.Retention);
    }

    /// <summary>The storage client reports all its tries then, and not that the last was cancelled.</summary>
    [Fact]
    public async Task Read_that_its_caller_ends_after_a_try_has_failed_is_cancelled()
    {
        using var caller = new CancellationTokenSource();
        proxy.Intercept = Faults.On(call => call.Method == "GET", Faults.LoseRequestAsync, _ => FreezeAsync());
        var read = log.ReadHeadAsync(Orders, caller.Token);
        await held.Task.WaitAsync(SseStream.Timeout);

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WaitAsync(SseStream.Timeout));
    }

    private HeldCall HoldNext(Func<StorageCall, bool> isMeant) => HeldCall.Next(proxy, isMeant);

    private void Freeze() => proxy.Intercept = _ => FreezeAsync();

    private async Task FreezeAsync()
    {
        held.TrySetResult();
        await thaws.Task;
    }
}
