using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

/// <summary>Promise 2, an append happens once: whatever becomes of a transaction and its answer, the event is there, and there once.</summary>
public sealed class AppendOnceTests
{
    /// <summary>Faults in a row, after each of which the log has to find out what became of the write.</summary>
    private const int InARow = 3;

    public enum Fault
    {
        RequestLost,
        AnswerLost,
        Status500Before,
        Status500After,
        Status503Before,
        Status503After,
    }

    public static TheoryData<Fault, int> Faulty()
    {
        var cases = new TheoryData<Fault, int>();
        foreach (var fault in Enum.GetValues<Fault>())
        {
            cases.Add(fault, 1);
            cases.Add(fault, InARow);
        }

        cases.Add(Fault.AnswerLost, InARow + 1);
        cases.Add(Fault.Status503Before, (2 * InARow) + 1);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Faulty))]
    public async Task AppendAsync_writes_once_when_transactions_fail(Fault fault, int times)
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var log = table.Through(proxy).Log(new PassingTime());
        await log.AppendTextsAsync("before");
        var faults = Faults.OnTransactions([.. Enumerable.Repeat(Does(fault), times)]);
        proxy.Intercept = faults;

        var result = await log.AppendTextsAsync("a", "b");

        Assert.Equal((AppendOutcome.Appended, 2, 3), (result.Outcome, result.First, result.Last));
        Assert.Equal(["before", "a", "b"], await table.Log().ReadTextsAsync());
    }

    /// <summary>The same while the topic, or the table, is not there yet: then no ETag guards the write.</summary>
    [Theory]
    [MemberData(nameof(Faulty))]
    public async Task AppendAsync_writes_once_when_transactions_fail_on_the_first_append(Fault fault, int times)
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var log = table.Through(proxy).Log(new PassingTime());
        proxy.Intercept = Faults.OnTransactions([.. Enumerable.Repeat(Does(fault), times)]);

        var result = await log.AppendTextsAsync("a", "b");

        Assert.Equal((AppendOutcome.Appended, 1, 2), (result.Outcome, result.First, result.Last));
        Assert.Equal(["a", "b"], await table.Log().ReadTextsAsync());
        Assert.Equal(result.Epoch, (await table.Log().HeadAsync())!.Epoch);
        Assert.Equal([Orders.Name], await table.RowKeysAsync(TopicRows.Partition));
    }

    /// <summary>The calls before the transaction: to make the table, and to list the topic.</summary>
    [Theory]
    [InlineData(Fault.RequestLost)]
    [InlineData(Fault.AnswerLost)]
    [InlineData(Fault.Status503Before)]
    [InlineData(Fault.Status503After)]
    public async Task AppendAsync_writes_once_when_all_else_fails_at_first(Fault fault)
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var log = table.Through(proxy).Log(new PassingTime());
        var faulted = new HashSet<string>();
        // Each kind of call once, the reads included.
        proxy.Intercept = call => IsNew($"{call.Method} {call.PathAndQuery}") ? Does(fault)(call) : StorageProxy.PassOnAsync(call);

        var result = await log.AppendTextsAsync("a");

        Assert.Equal((AppendOutcome.Appended, 1, 1), (result.Outcome, result.First, result.Last));
        Assert.Equal(["a"], await table.Log().ReadTextsAsync());
        Assert.Equal([Orders.Name], await table.RowKeysAsync(TopicRows.Partition));
        Assert.InRange(faulted.Count, 4, int.MaxValue); // head, topic's entry, table, transaction

        bool IsNew(string call)
        {
            lock (faulted)
                return faulted.Add(call);
        }
    }

    /// <summary>The head no longer says that the write landed, since another writer has moved it on.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(150)] // more than one transaction: the head is far on
    public async Task AppendAsync_recognises_its_events_when_others_came_before_the_answer_was_lost(int others)
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var (log, other) = (table.Through(proxy).Log(new PassingTime()), table.Log());
        await log.AppendTextsAsync("before");
        proxy.Intercept = Faults.OnTransactions(Faults.LoseAnswerAfter(() => other.FillAsync(Texts(others))));

        var result = await log.AppendTextsAsync("a", "b");

        Assert.Equal((AppendOutcome.Appended, 2, 3), (result.Outcome, result.First, result.Last));
        Assert.Equal(["before", "a", "b", .. Texts(others)], await other.ReadTextsAsync());
    }

    /// <summary>What stands where the events would be is another writer's: they go after it.</summary>
    [Fact]
    public async Task AppendAsync_writes_after_the_others_when_they_came_instead_of_the_lost_request()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var (log, other) = (table.Through(proxy).Log(new PassingTime()), table.Log());
        await log.AppendTextsAsync("before");
        proxy.Intercept = Faults.OnTransactions(Faults.Before(() => other.AppendTextsAsync("x", "y", "z"), Faults.LoseRequestAsync));

        var result = await log.AppendTextsAsync("a", "b");

        Assert.Equal((AppendOutcome.Appended, 5, 6), (result.Outcome, result.First, result.Last));
        Assert.Equal(["before", "x", "y", "z", "a", "b"], await other.ReadTextsAsync());
    }

    /// <summary>Nobody can know any more whether the write landed: to say so is better than to guess.</summary>
    [Fact]
    public async Task AppendAsync_fails_and_doubles_nothing_when_its_events_were_trimmed_before_the_answer_was_lost()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var (log, other) = (table.Through(proxy).Log(new PassingTime()), table.Log());
        await log.AppendTextsAsync("before");
        proxy.Intercept = Faults.OnTransactions(Faults.LoseAnswerAfter(async () =>
        {
            await other.AppendTextsAsync("x", "y");
            await table.Trimmer().TrimAsync(maxEvents: 1);
        }));

        await Assert.ThrowsAsync<EventLogUnavailableException>(() => log.AppendTextsAsync("a"));

        Assert.Equal(["y"], await other.ReadTextsAsync());
        Assert.Equal(4, (await other.HeadAsync())!.Last);
        Assert.Equal(5, (await log.AppendTextsAsync("after")).First);
    }

    /// <summary>A conflict is an answer: nothing was written, and no row is needed to know it.</summary>
    [Fact]
    public async Task AppendAsync_writes_after_the_others_when_it_lost_the_race_and_their_events_were_trimmed()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var (log, other) = (table.Through(proxy).Log(new PassingTime()), table.Log());
        await log.AppendTextsAsync("before");
        proxy.Intercept = Faults.OnTransactions(Faults.Before(WinAndTrimAsync, StorageProxy.PassOnAsync));

        var result = await log.AppendTextsAsync("a");

        Assert.Equal((AppendOutcome.Appended, 4, 4), (result.Outcome, result.First, result.Last));
        Assert.Equal(["y", "a"], await other.ReadTextsAsync());

        async Task WinAndTrimAsync()
        {
            await other.AppendTextsAsync("x", "y");
            await table.Trimmer().TrimAsync(maxEvents: 1);
        }
    }

    [Fact]
    public async Task Written_tells_the_events_once_when_the_answer_was_lost()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var (log, other) = (table.Through(proxy).Log(new PassingTime()), table.Log());
        await log.AppendTextsAsync("before");
        var written = new List<(TopicHead Head, IReadOnlyList<StoredEvent> Events)>();
        log.Written += (_, head, events) => written.Add((head, events));
        proxy.Intercept = Faults.OnTransactions(Faults.LoseAnswerAfter(() => other.AppendTextsAsync("x")));

        await log.AppendTextsAsync("a");

        var (head, events) = Assert.Single(written);
        Assert.Equal((2, "a"), (Assert.Single(events).Sequence, TextOf(events[0])));
        Assert.Equal(await other.HeadAsync(), head); // the newest: its ETag is what the next append needs
    }

    private static Func<StorageCall, Task> Does(Fault fault) => fault switch
    {
        Fault.RequestLost => Faults.LoseRequestAsync,
        Fault.AnswerLost => Faults.LoseAnswerAsync,
        Fault.Status500Before => Faults.Refuse(500),
        Fault.Status500After => Faults.DoAndAnswer(500),
        Fault.Status503Before => Faults.Refuse(503),
        Fault.Status503After => Faults.DoAndAnswer(503),
        _ => throw new ArgumentOutOfRangeException(nameof(fault)),
    };
}
