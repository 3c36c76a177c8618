using System.Globalization;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

/// <summary>Promise 1, commit order is id order: several processes write and read one topic at once.</summary>
public sealed class ContentionTests
{
    private const int Instances = 4;
    private const int PublishersOfEach = 4;
    private const int AppendsOfEach = 15;

    [Fact]
    public async Task AppendAsync_gives_each_event_one_place_without_holes_when_instances_contend()
    {
        var table = await LogTable.NewAsync();

        var acknowledged = await WriteAsync(table);

        var texts = await table.Log().ReadTextsAsync();
        Assert.Equal(Instances * PublishersOfEach * AppendsOfEach, texts.Count);
        // Each event is where its append said, so that ids are distinct and without holes, too.
        Assert.Equal(texts, acknowledged.OrderBy(append => append.Sequence).Select(append => append.Text));
        // A publisher that waits for each answer finds its events in its own order.
        foreach (var publisher in texts.GroupBy(text => text.Split('.')[0]))
            Assert.Equal(Enumerable.Range(0, AppendsOfEach), publisher.Select(text => int.Parse(text.Split('.')[1], CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task ReadAsync_finds_all_up_to_the_head_when_writers_are_at_work()
    {
        var table = await LogTable.NewAsync();
        var reader = table.Log();

        var writers = WriteAsync(table);
        var isLastRound = false;
        while (!isLastRound)
        {
            isLastRound = writers.IsCompleted;
            if (await reader.HeadAsync() is not { } head)
                continue;

            // To the head: everything that the head counts is there. Beyond: what came since has no holes either.
            var counted = await reader.ReadAsync(Orders, head.Epoch, 1, head.Last, CancellationToken.None);
            var all = await reader.ReadAsync(Orders, head.Epoch, 1, long.MaxValue, CancellationToken.None);
            Assert.Equal(Sequences(1, head.Last), counted.Select(e => e.Sequence));
            Assert.Equal(Sequences(1, all.Count), all.Select(e => e.Sequence));
        }

        Assert.Equal(Instances * PublishersOfEach * AppendsOfEach, (await writers).Count);
    }

    /// <summary>All publishers of all instances begin at once, on a table that is not there yet.</summary>
    private static async Task<IReadOnlyList<(long Sequence, string Text)>> WriteAsync(LogTable table)
    {
        var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var publishers =
            from instance in Enumerable.Range(0, Instances)
            let log = table.Log(new PassingTime()) // whose 20 s a slow machine cannot use up
            from publisher in Enumerable.Range(0, PublishersOfEach)
            select PublishAsync(log, $"{instance}-{publisher}");
        var all = Task.WhenAll(publishers.ToList());
        begin.SetResult();
        return [.. (await all.WaitAsync(SseStream.Timeout)).SelectMany(appends => appends)];

        async Task<List<(long, string)>> PublishAsync(TableEventLog log, string publisher)
        {
            await begin.Task;
            var appends = new List<(long, string)>();
            for (var n = 0; n < AppendsOfEach; n++)
                appends.Add(((await log.AppendTextsAsync($"{publisher}.{n}")).First, $"{publisher}.{n}"));

            return appends;
        }
    }
}
