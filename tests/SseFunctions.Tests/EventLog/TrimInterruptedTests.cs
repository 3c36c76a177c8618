using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

/// <summary>Trims that fail, die, meet one another or meet appends.</summary>
public sealed class TrimInterruptedTests
{
    /// <summary>Else a reader that misses a row could not tell from the head that it has gone.</summary>
    [Fact]
    public async Task TrimAsync_moves_the_heads_first_before_rows_go_when_it_trims()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        await table.Log().FillAsync(Texts(250));
        var atFirstWrite = (First: 0L, Rows: 0);
        var atFirstDelete = (First: 0L, Rows: 0);
        proxy.Intercept = async call =>
        {
            if (call.Method != "GET" && atFirstWrite.First == 0)
                atFirstWrite = await LookAsync();

            if (call.IsTransaction && atFirstDelete.First == 0)
                atFirstDelete = await LookAsync();

            await StorageProxy.PassOnAsync(call);
        };

        await table.Through(proxy).Trimmer().TrimAsync(maxEvents: 10);

        Assert.Equal((1, 250), atFirstWrite);
        Assert.Equal((241, 250), atFirstDelete);
        Assert.Equal((241, 10), await LookAsync());

        async Task<(long, int)> LookAsync() => ((await table.Log().HeadAsync())!.First, (await table.EventRowsAsync(Orders)).Count);
    }

    [Theory]
    [InlineData(0)] // no row has gone
    [InlineData(1)] // a transaction of 99 events and the key of one has
    public async Task TrimAsync_removes_what_is_left_when_the_last_run_died_between_head_and_rows(int deletesBefore)
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        await table.Log().AppendOnceAsync("key", "e1");
        await table.Log().FillAsync(Texts(250)[1..]);
        proxy.Intercept = Faults.OnTransactions([.. Enumerable.Repeat(StorageProxy.PassOnAsync, deletesBefore), Faults.Refuse(403)]);

        await Assert.ThrowsAsync<EventLogUnavailableException>(() => table.Through(proxy).Trimmer().TrimAsync(maxEvents: 10));

        Assert.Equal(250 - (99 * deletesBefore), (await table.EventRowsAsync(Orders)).Count);
        var head = await table.Log().HeadAsync();
        Assert.Equal(241, head!.First);
        // A reader goes by the head, and sees nothing of it.
        var events = await table.Log().ReadAsync(Orders, head.Epoch, head.First, head.Last, CancellationToken.None);
        Assert.Equal(Sequences(241, 250), events.Select(e => e.Sequence));

        Assert.Equal(0, await table.Trimmer().TrimAsync(maxEvents: 10)); // all was counted before

        Assert.Equal(Sequences(241, 250), await table.EventRowsAsync(Orders));
        Assert.DoesNotContain(LogRows.KeyOf("key"), await table.RowKeysAsync(Orders.Name));
    }

    public enum Fault
    {
        RequestLost,
        AnswerLost,
        Status503Before,
        Status503After,
    }

    [Theory]
    [InlineData(Fault.RequestLost, 1)]
    [InlineData(Fault.RequestLost, 3)] // all tries of the storage client
    [InlineData(Fault.AnswerLost, 1)]
    [InlineData(Fault.AnswerLost, 3)]
    [InlineData(Fault.Status503Before, 3)]
    [InlineData(Fault.Status503After, 3)]
    public async Task TrimAsync_removes_all_it_should_when_writes_fail(Fault fault, int times)
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        await table.Log().FillAsync(Texts(120));
        // The head's move fails so often, and then the first delete.
        var does = Enumerable.Repeat(Does(fault), times).ToArray();
        var (ofHead, ofRows) = (Faults.On(call => call.Method != "GET", does), Faults.OnTransactions(does));
        proxy.Intercept = call => call.IsTransaction ? ofRows(call) : ofHead(call);

        await table.Through(proxy).Trimmer(new PassingTime()).TrimAsync(maxEvents: 10);

        Assert.Equal(Sequences(111, 120), await table.EventRowsAsync(Orders));
        Assert.Equal(Texts(120)[110..], await table.Log().ReadTextsAsync());
    }

    [Theory]
    [InlineData(10, 10)]
    [InlineData(10, 5)]
    [InlineData(5, 10)]
    public async Task TrimAsync_does_no_harm_when_another_runs_meanwhile(long maxEvents, long maxEventsOfOther)
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        await table.Log().FillAsync(Texts(250));
        // The other one deletes the rows that this one has just found and is about to delete.
        proxy.Intercept = Faults.OnTransactions(
            StorageProxy.PassOnAsync,
            Faults.Before(() => table.Trimmer().TrimAsync(maxEventsOfOther), StorageProxy.PassOnAsync));

        await table.Through(proxy).Trimmer(new PassingTime()).TrimAsync(maxEvents);

        var kept = Math.Min(maxEvents, maxEventsOfOther);
        Assert.Equal(Sequences(251 - kept, 250), await table.EventRowsAsync(Orders));
        Assert.Equal(251 - kept, (await table.Log().HeadAsync())!.First);
    }

    [Fact]
    public async Task TrimAsync_never_moves_the_heads_first_back_when_another_has_moved_it_on()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        await table.Log().FillAsync(Texts(20));
        // Between this one's read of the head and its write.
        proxy.Intercept = Faults.On(call => call.Method != "GET", Faults.Before(() => table.Trimmer().TrimAsync(maxEvents: 2), StorageProxy.PassOnAsync));

        var removed = await table.Through(proxy).Trimmer(new PassingTime()).TrimAsync(maxEvents: 10);

        Assert.Equal(0, removed);
        Assert.Equal(["e19", "e20"], await table.Log().ReadTextsAsync());
    }

    [Fact]
    public async Task TrimAsync_counts_events_that_came_just_before_its_write()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        await table.Log().FillAsync(Texts(10));
        proxy.Intercept = Faults.On(call => call.Method != "GET", Faults.Before(() => table.Log().AppendTextsAsync("x", "y"), StorageProxy.PassOnAsync));

        await table.Through(proxy).Trimmer(new PassingTime()).TrimAsync(maxEvents: 3);

        Assert.Equal(["e10", "x", "y"], await table.Log().ReadTextsAsync());
    }

    [Fact]
    public async Task AppendAsync_keeps_what_was_trimmed_trimmed_when_the_trim_came_just_before_its_write()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var log = table.Through(proxy).Log(new PassingTime());
        await log.FillAsync(Texts(10));
        proxy.Intercept = Faults.OnTransactions(Faults.Before(() => table.Trimmer().TrimAsync(maxEvents: 3), StorageProxy.PassOnAsync));

        var result = await log.AppendTextsAsync("x");

        Assert.Equal((11, 11), (result.First, result.Last));
        Assert.Equal(["e8", "e9", "e10", "x"], await table.Log().ReadTextsAsync());
    }

    [Fact]
    public async Task TrimAsync_loses_no_retained_event_when_writers_are_at_work()
    {
        const int Appends = 60;
        // More than one writer can be overtaken by: one whose place was trimmed could not tell what became of its write.
        const int Kept = Appends + 1;
        var table = await LogTable.NewAsync();
        await table.Log().AppendTextsAsync("first");

        var writers = Task.WhenAll(Enumerable.Range(0, 2).Select(async writer =>
        {
            var log = table.Log(new PassingTime()); // a busy machine has few tries in 20 s
            foreach (var text in Texts(Appends, $"{writer}."))
                Assert.Equal(AppendOutcome.Appended, (await log.AppendTextsAsync(text)).Outcome);
        }));
        while (!writers.IsCompleted)
            await table.Trimmer(new PassingTime()).TrimAsync(Kept);

        await writers;
        await table.Trimmer(new PassingTime()).TrimAsync(Kept);

        var head = await table.Log().HeadAsync();
        Assert.Equal((1 + (2 * Appends) - Kept + 1, 1 + (2 * Appends)), (head!.First, head.Last));
        Assert.Equal(Kept, (await table.Log().ReadTextsAsync()).Count);
        Assert.Equal(Sequences(head.First, head.Last), await table.EventRowsAsync(Orders));
    }

    private static Func<StorageCall, Task> Does(Fault fault) => fault switch
    {
        Fault.RequestLost => Faults.LoseRequestAsync,
        Fault.AnswerLost => Faults.LoseAnswerAsync,
        Fault.Status503Before => Faults.Refuse(503),
        Fault.Status503After => Faults.DoAndAnswer(503),
        _ => throw new ArgumentOutOfRangeException(nameof(fault)),
    };
}
