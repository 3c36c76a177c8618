using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

/// <summary>A transaction that was given up for lost may still arrive: it must then do nothing, or count as the append's own.</summary>
public sealed class LateWriteTests
{
    public enum Arrival
    {
        /// <summary>Before the storage client's next try.</summary>
        BeforeNextTry,

        /// <summary>After the append is done.</summary>
        AfterSuccess,

        /// <summary>After the append is done, further on: another writer took the first place.</summary>
        AfterSuccessElsewhere,

        /// <summary>After the append is done and retention has removed its events.</summary>
        AfterTrim,
    }

    public static TheoryData<Arrival, bool, string?> Cases()
    {
        var cases = new TheoryData<Arrival, bool, string?>();
        foreach (var arrival in Enum.GetValues<Arrival>())
        {
            foreach (var isFirst in new[] { false, true })
            {
                cases.Add(arrival, isFirst, null);
                cases.Add(arrival, isFirst, "key");
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task AppendAsync_writes_once_when_a_lost_transaction_arrives_late(Arrival arrival, bool isFirst, string? key)
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var (log, other) = (table.Through(proxy).Log(new PassingTime()), table.Log());
        if (!isFirst)
            await log.AppendTextsAsync("before");

        var lost = new LateRequest();
        var next = arrival switch
        {
            Arrival.BeforeNextTry => Faults.Before(lost.ArriveAsync, StorageProxy.PassOnAsync),
            Arrival.AfterSuccessElsewhere => Faults.Before(() => other.AppendTextsAsync("other"), StorageProxy.PassOnAsync),
            _ => StorageProxy.PassOnAsync,
        };
        proxy.Intercept = Faults.OnTransactions(lost.HoldAsync, next);

        var result = await log.AppendAsync(Orders, [Event("a"), Event("b")], key, CancellationToken.None);
        if (arrival == Arrival.AfterTrim)
            await table.Trimmer().TrimAsync(maxEvents: 0);

        var late = await lost.ArriveAsync();

        string[] before = [.. isFirst ? [] : (string[])["before"], .. arrival == Arrival.AfterSuccessElsewhere ? (string[])["other"] : []];
        Assert.Equal((AppendOutcome.Appended, before.Length + 1, before.Length + 2), (result.Outcome, result.First, result.Last));
        Assert.Equal(arrival == Arrival.AfterTrim ? [] : [.. before, "a", "b"], await other.ReadTextsAsync());
        Assert.Equal(before.Length + 2, (await other.HeadAsync())!.Last);
        // What came late found the head moved on, or there already; only the case in which it was first, it was the append itself.
        Assert.Equal(arrival == Arrival.BeforeNextTry ? null : isFirst ? "409" : "412", late);
    }

    /// <summary>Whichever try it is that lands, a stream that gets the event from Written and one that reads it see the same.</summary>
    [Fact]
    public async Task Written_tells_the_time_that_the_table_has_when_an_earlier_try_arrives_late()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var log = table.Through(proxy).Log(new PassingTime());
        var (lost, raised) = (new LateRequest(), new List<StoredEvent>());
        log.Written += (_, _, events) => raised.AddRange(events);
        proxy.Intercept = Faults.OnTransactions(lost.HoldAsync, Faults.Before(lost.ArriveAsync, StorageProxy.PassOnAsync));

        var result = await log.AppendTextsAsync("a");

        var stored = await table.Log().ReadAsync(Orders, result.Epoch, 1, 1, CancellationToken.None);
        Assert.Equal(Assert.Single(stored).Time, Assert.Single(raised).Time);
    }
}
