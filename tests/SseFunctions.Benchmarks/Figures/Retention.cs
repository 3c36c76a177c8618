using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Benchmarks.Figures;

/// <summary>How long a run of retention takes over many topics with two events each: with nothing to do, with an event to remove of each, and when all topics have expired.</summary>
internal static class Retention
{
    private const int Writers = 32;

    /// <summary>Topics, and the time for a run over them.</summary>
    private static readonly (int Topics, TimeSpan Goal)[] Runs = [(3_000, TimeSpan.FromSeconds(60)), (10_000, TimeSpan.FromMinutes(6))];

    /// <summary>What a request takes in a storage account beside Azurite's own time.</summary>
    private static readonly TimeSpan Distance = TimeSpan.FromMilliseconds(10);

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var telemetry = new LogTelemetry(services.GetRequiredService<IMeterFactory>(), new TelemetryOptions());
        foreach (var (topics, goal) in Runs)
        {
            await using var proxy = await StorageProxy.StartAsync();
            var name = TestStorage.NewTableName();
            await FillAsync(Table(await TestStorage.ConnectionStringAsync()), telemetry, topics);
            var table = Table(proxy.ConnectionString);
            yield return await RunAsync("nothing to do", TimeSpan.Zero, new RetentionOptions());
            yield return await RunAsync("one event of each to remove", TimeSpan.Zero, new RetentionOptions { MaxEvents = 1 });
            yield return await RunAsync("nothing to do after that", TimeSpan.Zero, new RetentionOptions { MaxEvents = 1 });
            yield return await RunAsync("all topics expired", TimeSpan.FromDays(2), new RetentionOptions { MaxEvents = 1 });

            EventTable Table(string connectionString) =>
                new(TableConnection.Open(new EventLogOptions { ConnectionString = connectionString, TableName = name }, telemetry), TimeProvider.System);

            async Task<Figure> RunAsync(string what, TimeSpan later, RetentionOptions options)
            {
                proxy.Intercept = async call =>
                {
                    await Task.Delay(Distance);
                    using var answer = await call.ForwardAsync();
                    answer.Headers.Date += later;
                    await call.ReplyAsync(answer);
                };
                var (start, requests) = (Stopwatch.GetTimestamp(), proxy.Reads + proxy.Writes);
                await new RetentionSweep(table, TimeProvider.System, options, NullLogger<RetentionSweep>.Instance).RunAsync(CancellationToken.None);
                var took = Stopwatch.GetElapsedTime(start);
                return new Figure(
                    string.Create(CultureInfo.InvariantCulture, $"retention over {topics:N0} topics with two events each, storage {Distance.TotalMilliseconds:0} ms away: {what}"),
                    string.Create(CultureInfo.InvariantCulture, $"≤ {goal.TotalSeconds:0} s"),
                    string.Create(CultureInfo.InvariantCulture, $"{took.TotalSeconds:0.0} s, {(proxy.Reads + proxy.Writes - requests) / (double)topics:0.00} requests a topic"),
                    took <= goal);
            }
        }
    }

    private static async Task FillAsync(EventTable table, LogTelemetry telemetry, int topics)
    {
        var log = new TableEventLog(table, telemetry, TimeProvider.System);
        NewEvent[] events = [new(null, Encoding.UTF8.GetBytes("one")), new(null, Encoding.UTF8.GetBytes("two"))];
        await Parallel.ForAsync(
            0,
            topics,
            new ParallelOptions { MaxDegreeOfParallelism = Writers },
            async (n, token) => await log.AppendAsync(Topic.Parse(string.Create(CultureInfo.InvariantCulture, $"order-{n:D6}")), events, null, token));
    }
}
