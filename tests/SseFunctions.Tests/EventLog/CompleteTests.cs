using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

public sealed class CompleteTests
{
    [Fact]
    public async Task AppendAsync_writes_when_the_completed_log_is_gone_and_another_has_begun()
    {
        var table = await LogTable.NewAsync();
        var log = table.Log();
        await log.AppendTextsAsync("1");
        await log.CompleteAsync(Orders, CancellationToken.None);
        await table.Client().DeleteAsync();
        await table.Log().AppendTextsAsync("new 1");

        await log.AppendTextsAsync("new 2");

        Assert.Equal(["new 1", "new 2"], await table.Log().ReadTextsAsync(Orders));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AppendAsync_is_refused_and_changes_nothing_when_the_topic_is_complete(bool fromAnotherInstance)
    {
        var table = await LogTable.NewAsync();
        var (log, stale) = (table.Log(), table.Log());
        await log.AppendTextsAsync("a");
        await stale.AppendTextsAsync("b"); // it knows a head that is not complete
        var head = await log.CompleteAsync();

        var result = await (fromAnotherInstance ? stale : log).AppendTextsAsync("c");

        Assert.Equal((AppendOutcome.TopicComplete, head.Epoch), (result.Outcome, result.Epoch));
        Assert.Empty(result.Ids);
        Assert.Equal((1, 2, true), (head.First, head.Last, head.Complete));
        Assert.Equal(head, await log.HeadAsync()); // the ETag too: not even written again
        Assert.Equal(["a", "b"], await log.ReadTextsAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CompleteAsync_changes_nothing_when_repeated(bool fromAnotherInstance)
    {
        var table = await LogTable.NewAsync();
        var log = table.Log();
        await log.AppendTextsAsync("a");
        var head = await log.CompleteAsync();

        var repeated = await (fromAnotherInstance ? table.Log() : log).CompleteAsync();

        Assert.Equal(head, repeated);
        Assert.Equal(head, await log.HeadAsync());
    }

    [Fact]
    public async Task CompleteAsync_makes_an_empty_complete_log_when_the_topic_was_never_written_to()
    {
        var table = await LogTable.NewAsync();
        var log = table.Log();

        var head = await log.CompleteAsync();

        Assert.Equal((1, 0, 0, true), (head.First, head.Last, head.Count, head.Complete));
        Assert.Equal(head, await table.Log().HeadAsync());
        Assert.Equal(AppendOutcome.TopicComplete, (await table.Log().AppendTextsAsync("a")).Outcome);
        Assert.Empty(await log.ReadTextsAsync());
        Assert.Equal([Orders.Name], await table.RowKeysAsync(TopicRows.Partition));
    }

    /// <summary>Whatever was acknowledged is in the log, and nothing came after the end.</summary>
    [Fact]
    public async Task CompleteAsync_ends_the_log_at_one_place_when_writers_are_at_work()
    {
        const int BeforeTheEnd = 20;
        var table = await LogTable.NewAsync();
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var count = 0;

        var writers = Task.WhenAll(Enumerable.Range(0, 3).Select(writer => Task.Run(() => WriteAsync(table.Log(new PassingTime()), writer))));
        await enough.Task.WaitAsync(SseStream.Timeout);
        var head = await table.Log(new PassingTime()).CompleteAsync(); // a busy machine has few tries in 20 s
        var acknowledged = (await writers.WaitAsync(SseStream.Timeout)).SelectMany(appends => appends).ToList();

        Assert.Equal(head, await table.Log().HeadAsync());
        Assert.InRange(head.Last, BeforeTheEnd, long.MaxValue);
        Assert.Equal(acknowledged.OrderBy(append => append.Sequence).Select(append => append.Text), await table.Log().ReadTextsAsync());

        async Task<List<(long Sequence, string Text)>> WriteAsync(TableEventLog log, int writer)
        {
            var appends = new List<(long, string)>();
            for (var n = 0; ; n++)
            {
                var result = await log.AppendTextsAsync($"{writer}.{n}");
                if (result.Outcome == AppendOutcome.TopicComplete)
                    return appends;

                appends.Add((result.First, $"{writer}.{n}"));
                if (Interlocked.Increment(ref count) == BeforeTheEnd)
                    enough.SetResult();
            }
        }
    }

    /// <summary>The end comes between an append's read of the head and its write.</summary>
    [Fact]
    public async Task AppendAsync_is_refused_when_the_topic_ends_just_before_its_write()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var (log, other) = (table.Through(proxy).Log(new PassingTime()), table.Log());
        await log.AppendTextsAsync("a");
        proxy.Intercept = Faults.OnTransactions(Faults.Before(() => other.CompleteAsync(), StorageProxy.PassOnAsync));

        var result = await log.AppendTextsAsync("b");

        Assert.Equal(AppendOutcome.TopicComplete, result.Outcome);
        Assert.Equal(["a"], await other.ReadTextsAsync());
    }

    [Fact]
    public async Task CompleteAsync_ends_after_the_event_when_one_came_just_before_its_write()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var (log, other) = (table.Through(proxy).Log(new PassingTime()), table.Log());
        await log.AppendTextsAsync("a");
        proxy.Intercept = Faults.OnTransactions(Faults.Before(() => other.AppendTextsAsync("b"), StorageProxy.PassOnAsync));

        var head = await log.CompleteAsync();

        Assert.Equal((2, true), (head.Last, head.Complete));
        Assert.Equal(["a", "b"], await other.ReadTextsAsync());
        Assert.Equal(head, await other.HeadAsync());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)] // in a row
    public async Task CompleteAsync_ends_the_topic_and_says_so_once_when_answers_are_lost(int times)
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var log = table.Through(proxy).Log(new PassingTime());
        await log.AppendTextsAsync("a");
        var written = new List<(TopicHead Head, IReadOnlyList<StoredEvent> Events)>();
        log.Written += (_, writtenHead, events) => written.Add((writtenHead, events));
        proxy.Intercept = Faults.OnTransactions([.. Enumerable.Repeat(Faults.LoseAnswerAsync, times)]);

        var head = await log.CompleteAsync();

        Assert.Equal((1, true), (head.Last, head.Complete));
        Assert.Equal(head, await table.Log().HeadAsync());
        var (toldHead, toldEvents) = Assert.Single(written);
        Assert.Equal(head, toldHead);
        Assert.Empty(toldEvents);
    }
}
