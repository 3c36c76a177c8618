using System.Globalization;
using SseFunctions.Benchmarks.Clients;
using SseFunctions.Benchmarks.Servers;
using SseFunctions.TestSupport;

namespace SseFunctions.Benchmarks.Figures;

/// <summary>The first byte, and the way from publisher to client.</summary>
internal static class Latency
{
    private const int Tries = 50;
    private const int Events = 150;
    private static readonly TimeSpan StorageDelay = TimeSpan.FromSeconds(2);
    private const int QuietEvents = 30; // within the life of a stream
    private static readonly (TimeSpan Min, TimeSpan Max) BusyPause = (TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(300));
    private static readonly (TimeSpan Min, TimeSpan Max) QuietPause = (TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(7));
    private static readonly TimeSpan WarmGoal = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan ColdGoal = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan InProcessGoal = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan AcrossGoal = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan AcrossP95Goal = TimeSpan.FromMilliseconds(250);

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        yield return ToFigure("time to the first byte, topic in memory, median", WarmGoal, await WarmAsync());
        yield return ToFigure("time to the first byte, cold, storage slow by 2 s", ColdGoal, await ColdAsync());

        await using var emitter = await Emitter.StartAsync();
        yield return ToFigure("publish to client in one process, median", InProcessGoal, (await PublishToClientAsync(emitter, emitter, BusyPause, Events)).Median);

        var table = TestStorage.NewTableName();
        await using var publishing = await Emitter.StartAsync(table);
        await using var streaming = await Emitter.StartAsync(table);
        yield return ToFigure("publish to client across two processes, an event every 50–300 ms", await PublishToClientAsync(publishing, streaming, BusyPause, Events));
        yield return ToFigure("the same, topic quiet for 3–7 s", await PublishToClientAsync(publishing, streaming, QuietPause, QuietEvents));
    }

    private static Figure ToFigure(string name, TimeSpan goal, TimeSpan measured) => new(
        name,
        string.Create(CultureInfo.InvariantCulture, $"< {goal.TotalMilliseconds:0} ms"),
        string.Create(CultureInfo.InvariantCulture, $"{measured.TotalMilliseconds:0.0} ms"),
        measured < goal);

    private static Figure ToFigure(string name, (TimeSpan Median, TimeSpan P95) measured) => new(
        $"{name}: median, p95",
        string.Create(CultureInfo.InvariantCulture, $"≤ {AcrossGoal.TotalMilliseconds:0} ms, ≤ {AcrossP95Goal.TotalMilliseconds:0} ms"),
        string.Create(CultureInfo.InvariantCulture, $"{measured.Median.TotalMilliseconds:0} ms, {measured.P95.TotalMilliseconds:0} ms"),
        measured.Median <= AcrossGoal && measured.P95 <= AcrossP95Goal);

    private static async Task<TimeSpan> WarmAsync()
    {
        await using var emitter = await Emitter.StartAsync();
        await new Publisher(emitter).PublishBatchAsync(1);
        using var clients = new LoadClients();
        await clients.OpenAsync(emitter.Port, 20, emitter.StreamPath); // the first requests compile
        await clients.ResetAsync();
        for (var i = 0; i < Tries; i++)
            await clients.OpenAsync(emitter.Port, 1, emitter.StreamPath);

        return TimeSpan.FromMicroseconds((await clients.ReportAsync()).FirstByteP50);
    }

    private static async Task<TimeSpan> ColdAsync()
    {
        await using var proxy = await StorageProxy.StartAsync();
        await using var emitter = await Emitter.StartAsync(null, proxy.Setting);
        using var clients = new LoadClients();
        await clients.OpenAsync(emitter.Port, 1, $"{emitter.StreamPath}-other"); // the first request compiles
        proxy.Intercept = async call =>
        {
            await Task.Delay(StorageDelay);
            await StorageProxy.PassOnAsync(call);
        };
        await clients.ResetAsync();
        await clients.OpenAsync(emitter.Port, 1, emitter.StreamPath);
        return TimeSpan.FromMicroseconds((await clients.ReportAsync()).FirstByteMax);
    }

    private static async Task<(TimeSpan Median, TimeSpan P95)> PublishToClientAsync(Server publishing, Server streaming, (TimeSpan Min, TimeSpan Max) pause, int events)
    {
        var publisher = new Publisher(publishing);
        using var clients = new LoadClients();
        await publisher.PublishBatchAsync(1);
        await clients.OpenAsync(streaming.Port, 1, streaming.StreamPath);
        await PublishAsync(20, BusyPause);
        await clients.UntilAsync(report => report.Newest == publisher.Next - 1, "what warms up");
        await clients.ResetAsync();
        await PublishAsync(events, pause);
        var report = await clients.UntilAsync(report => report.Newest == publisher.Next - 1, "all events");
        return (TimeSpan.FromMicroseconds(report.LatencyP50), TimeSpan.FromMicroseconds(report.LatencyP95));

        async Task PublishAsync(int count, (TimeSpan Min, TimeSpan Max) pause)
        {
            // At random moments, which no poll can be in step with.
            for (var i = 0; i < count; i++)
            {
                await Task.Delay(pause.Min + (Random.Shared.NextDouble() * (pause.Max - pause.Min)));
                await publisher.PublishBatchAsync(1);
            }
        }
    }
}
