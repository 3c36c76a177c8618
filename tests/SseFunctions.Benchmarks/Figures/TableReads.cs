using System.Globalization;
using SseFunctions.Benchmarks.Clients;
using SseFunctions.Benchmarks.Scale;
using SseFunctions.Benchmarks.Servers;
using SseFunctions.TestSupport;

namespace SseFunctions.Benchmarks.Figures;

/// <summary>What clients cost the table, counted by a proxy before it.</summary>
internal static class TableReads
{
    private const int Streams = 1000;
    private const int Topics = 1000;
    private const int Behind = 1000;
    private const int EventBytes = 200;
    private const double TopicsGoal = 30;
    private const double TopicGoal = 12;
    private const double SteadyGoal = 1.1;
    private const double StormGoal = 2;
    private const double RhythmGoal = 1.1;
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    /// <summary>Until what the streams' beginnings and the publishing took is over.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(6);

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var topics = await SteadyAsync(proxy, 1, Topics);
        yield return new Figure(
            $"table requests a second of a process, streams on {Topics} quiet topics",
            string.Create(CultureInfo.InvariantCulture, $"≤ {TopicsGoal}"),
            string.Create(CultureInfo.InvariantCulture, $"{topics / Minute.TotalSeconds:0.0}"),
            topics <= TopicsGoal * Minute.TotalSeconds);

        var (one, many) = (await SteadyAsync(proxy, 1, 1), await SteadyAsync(proxy, Streams, 1));
        yield return new Figure(
            $"the same on 1 topic, 1 and {Streams} streams",
            string.Create(CultureInfo.InvariantCulture, $"≤ {TopicGoal}, ≤ {SteadyGoal:0.0} × as many"),
            string.Create(CultureInfo.InvariantCulture, $"{one / Minute.TotalSeconds:0.0} and {many / Minute.TotalSeconds:0.0}, {(double)many / one:0.00} ×"),
            Math.Max(one, many) <= TopicGoal * Minute.TotalSeconds && many <= SteadyGoal * one);

        (one, many) = (await StormAsync(proxy, 1), await StormAsync(proxy, Streams));
        yield return new Figure(
            $"table reads when {Streams} clients reconnect to a new process {Behind} events behind, polls aside, against 1",
            string.Create(CultureInfo.InvariantCulture, $"≤ {StormGoal:0.0} ×"),
            string.Create(CultureInfo.InvariantCulture, $"{(double)many / one:0.00} × ({many} against {one})"),
            many <= StormGoal * one);

        foreach (var rate in (double[])[0, 0.2, 1, 10])
        {
            var expected = TableLoad.For(new Workload { Clients = 1, EventsASecond = rate }, 1, 1, 0).ReadsASecond * Minute.TotalSeconds;
            var reads = await RhythmAsync(proxy, rate);
            yield return new Figure(
                string.Create(CultureInfo.InvariantCulture, $"table reads a minute of a process with a stream on one topic, {rate} ev/s from another, against the model of docs/scale.md"),
                string.Create(CultureInfo.InvariantCulture, $"≤ {RhythmGoal:0.0} ×"),
                string.Create(CultureInfo.InvariantCulture, $"{reads / expected:0.00} × ({reads} against {expected:0})"),
                reads <= RhythmGoal * expected);
        }
    }

    /// <returns>Requests a minute.</returns>
    private static async Task<int> SteadyAsync(StorageProxy proxy, int streamsATopic, int topics)
    {
        await using var emitter = await StartAsync(proxy, TestStorage.NewTableName());
        using var clients = new LoadClients();
        for (var i = 0; i < topics; i++)
        {
            await emitter.PublishToAsync($"{Emitter.Topic}{i}", [BenchmarkEvent.Create(i, EventBytes)]);
            await clients.OpenAsync(emitter.Port, streamsATopic, $"{emitter.StreamPath}{i}");
        }

        await Task.Delay(Settling);
        var before = proxy.Reads + proxy.Writes;
        await Task.Delay(Minute);
        return proxy.Reads + proxy.Writes - before;
    }

    private static async Task<int> RhythmAsync(StorageProxy proxy, double rate)
    {
        var table = TestStorage.NewTableName();
        await using var publishing = await Emitter.StartAsync(table);
        var publisher = new Publisher(publishing);
        await publisher.PublishBatchAsync(1);
        await using var streaming = await StartAsync(proxy, table);
        using var clients = new LoadClients();
        await clients.OpenAsync(streaming.Port, 1, streaming.StreamPath);
        await Task.Delay(Settling);
        var before = proxy.Reads;
        await Task.WhenAll(Task.Delay(Minute), publisher.PublishAsync((int)(rate * Minute.TotalSeconds), rate));
        return proxy.Reads - before;
    }

    private static async Task<int> StormAsync(StorageProxy proxy, int clientCount)
    {
        var table = TestStorage.NewTableName();
        string lastEventId;
        await using (var before = await StartAsync(proxy, table))
        {
            await new Publisher(before).PublishBatchAsync(Behind + 1);
            lastEventId = await before.FirstIdAsync();
        }

        await using var restarted = await StartAsync(proxy, table, "Stream__PollInterval=00:01:00");
        using var clients = new LoadClients();
        var reads = proxy.Reads;
        await clients.OpenAsync(restarted.Port, clientCount, restarted.StreamPath, lastEventId);
        await clients.UntilAsync(report => report.Newest == Behind, "all have caught up");
        return proxy.Reads - reads;
    }

    private static Task<Emitter> StartAsync(StorageProxy proxy, string table, params string[] settings) =>
        Emitter.StartAsync(table, [proxy.Setting, .. settings]);
}
