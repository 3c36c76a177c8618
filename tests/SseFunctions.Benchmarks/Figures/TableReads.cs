using System.Globalization;
using SseFunctions.Benchmarks.Clients;
using SseFunctions.Benchmarks.Scale;
using SseFunctions.Benchmarks.Servers;
using SseFunctions.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Benchmarks.Figures;

/// <summary>What clients cost the table, counted by a proxy before it.</summary>
internal static class TableReads
{
    private const int Streams = 1000;
    private const int Behind = 1000;
    private const double SteadyGoal = 1.1;
    private const double StormGoal = 2;
    private const double RhythmGoal = 1.1;
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    /// <summary>Until a topic without news is polled as rarely as it will be.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(6);

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var (one, many) = (await SteadyAsync(proxy, 1), await SteadyAsync(proxy, Streams));
        yield return new Figure(
            $"table reads a minute, {Streams} streams against 1, quiet topic",
            string.Create(CultureInfo.InvariantCulture, $"≤ {SteadyGoal:0.0} ×"),
            string.Create(CultureInfo.InvariantCulture, $"{(double)many / one:0.00} × ({many} against {one})"),
            many <= SteadyGoal * one);

        (one, many) = (await StormAsync(proxy, 1), await StormAsync(proxy, Streams));
        yield return new Figure(
            $"table reads when {Streams} clients reconnect to a new process {Behind} events behind, polls aside, against 1",
            string.Create(CultureInfo.InvariantCulture, $"≤ {StormGoal:0.0} ×"),
            string.Create(CultureInfo.InvariantCulture, $"{(double)many / one:0.00} × ({many} against {one})"),
            many <= StormGoal * one);

        foreach (var rate in (double[])[0, 0.2, 1, 10])
        {
            var rhythm = PollRhythm.Of(rate, new StreamOptions().PollInterval);
            var expected = (rhythm.PollsASecond + rhythm.LoadsASecond) * Minute.TotalSeconds;
            var reads = await RhythmAsync(proxy, rate);
            yield return new Figure(
                string.Create(CultureInfo.InvariantCulture, $"table reads a minute of a topic and process, {rate} ev/s from another, against the model of docs/scale.md"),
                string.Create(CultureInfo.InvariantCulture, $"≤ {RhythmGoal:0.0} ×"),
                string.Create(CultureInfo.InvariantCulture, $"{reads / expected:0.00} × ({reads} against {expected:0})"),
                reads <= RhythmGoal * expected);
        }
    }

    private static async Task<int> SteadyAsync(StorageProxy proxy, int streams)
    {
        await using var emitter = await StartAsync(proxy, TestStorage.NewTableName());
        await new Publisher(emitter).PublishBatchAsync(1);
        using var clients = new LoadClients();
        await clients.OpenAsync(emitter.Port, streams, emitter.StreamPath);
        var before = proxy.Reads;
        await Task.Delay(Minute);
        return proxy.Reads - before;
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
        await clients.OpenAsync(restarted.Port, clientCount, restarted.StreamPath, $"Last-Event-ID: {lastEventId}");
        await clients.UntilAsync(report => report.Newest == Behind, "all have caught up");
        return proxy.Reads - reads;
    }

    private static Task<Emitter> StartAsync(StorageProxy proxy, string table, params string[] settings) =>
        Emitter.StartAsync(table, [$"EventLog__ConnectionString={proxy.ConnectionString}", .. settings]);
}
