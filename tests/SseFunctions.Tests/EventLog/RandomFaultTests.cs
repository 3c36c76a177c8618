using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using Xunit.Abstractions;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

/// <summary>Promises 1 and 2 under faults nobody thought of one by one: those of a network and of a service in trouble.</summary>
public sealed class RandomFaultTests(ITestOutputHelper output)
{
    /// <summary>Two processes that contend, in each publishers whose appends share transactions.</summary>
    private const int Processes = 2;
    private const int PublishersOfEach = 50;
    private static readonly int AppendsOfEach = Thoroughness.Choose(brief: 5, full: 100);
    private static readonly int Appends = Processes * PublishersOfEach * AppendsOfEach;

    /// <summary>Of 100 calls, how many go wrong. The storage client waits 200 ms after most of them.</summary>
    private const int FaultPercent = 8;

    [Fact]
    public async Task AppendAsync_writes_each_of_many_events_once_when_calls_fail_at_random()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var faults = new RandomFaults(new Random(seed), FaultPercent);
        proxy.Intercept = faults.InterceptAsync;

        var publishers =
            from process in Enumerable.Range(0, Processes)
            let log = table.Through(proxy).Log(new PassingTime()) // whose 20 s a slow machine cannot use up
            from publisher in Enumerable.Range(0, PublishersOfEach)
            select PublishAsync(log, $"{process}.{publisher}");
        var acknowledged = (await Task.WhenAll(publishers.ToList()).WaitAsync(SseStream.LongTimeout)).SelectMany(appends => appends).ToList();
        proxy.Intercept = null;
        await faults.LetAllArriveAsync().WaitAsync(SseStream.Timeout);

        // Exactly the events acknowledged, each where its append said, and no other.
        output.WriteLine($"{proxy.Writes} writes, {proxy.Reads} reads, {faults.Count} faults");
        var texts = await table.Log().ReadTextsAsync();
        Assert.Equal(Appends, texts.Count);
        Assert.Equal(Sequences(1, Appends), acknowledged.Select(append => append.Sequence).Order());
        Assert.Equal(acknowledged.OrderBy(append => append.Sequence).Select(append => append.Text), texts);
    }

    private static async Task<List<(long Sequence, string Text)>> PublishAsync(TableEventLog log, string publisher)
    {
        var appends = new List<(long, string)>();
        for (var n = 0; n < AppendsOfEach; n++)
        {
            var text = $"{publisher}.{n}";
            // Some with a key, and of these some repeated: a used key makes a transaction be put together anew.
            var result = n % 3 == 0 ? await log.AppendOnceAsync(text, text) : await log.AppendTextsAsync(text);
            appends.Add((result.First, text));
            if (n % 9 == 0)
                Assert.Equal(result.First, (await log.AppendOnceAsync(text, text)).First);
        }

        return appends;
    }
}
