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
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan WarmGoal = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan ColdGoal = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan InProcessGoal = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan AcrossGoal = (0.6 * PollInterval) + TimeSpan.FromMilliseconds(20);

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        yield return ToFigure("time to the first byte, topic in memory, median", WarmGoal, await WarmAsync());
        yield return ToFigure("time to the first byte, cold, storage slow by 2 s", ColdGoal, await ColdAsync());

        await using var emitter = await Emitter.StartAsync();
        yield return ToFigure("publish to client in one process, median", InProcessGoal, await PublishToClientAsync(emitter, emitter));

        var table = TestStorage.NewTableName();
        await using var publishing = await Emitter.StartAsync(table);
        await using var streaming = await Emitter.StartAsync(table);
        yield return ToFigure("publish to client across two processes, median", AcrossGoal, await PublishToClientAsync(publishing, streaming));
    }

    private static Figure ToFigure(string name, TimeSpan goal, TimeSpan measured) => new(
        name,
        string.Create(CultureInfo.InvariantCulture, $"< {goal.TotalMilliseconds:0} ms"),
        string.Create(CultureInfo.InvariantCulture, $"{measured.TotalMilliseconds:0.0} ms"),
        measured < goal);

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
        await using var emitter = await Emitter.StartAsync(null, $"EventLog__ConnectionString={proxy.ConnectionString}");
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

    private static async Task<TimeSpan> PublishToClientAsync(Server publishing, Server streaming)
    {
        var publisher = new Publisher(publishing);
        using var clients = new LoadClients();
        await publisher.PublishBatchAsync(1);
        await clients.OpenAsync(streaming.Port, 1, streaming.StreamPath);
        await PublishAsync(20);
        await clients.ResetAsync();
        await PublishAsync(Events);
        var report = await clients.UntilAsync(report => report.Newest == publisher.Next - 1, "all events");
        return TimeSpan.FromMicroseconds(report.LatencyP50);

        async Task PublishAsync(int count)
        {
            // At random moments, which no poll can be in step with.
            for (var i = 0; i < count; i++)
            {
                await Task.Delay(Random.Shared.Next(100, 300));
                await publisher.PublishBatchAsync(1);
            }
        }
    }
}
