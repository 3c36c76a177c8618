using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using SseFunctions.EventLog;

namespace SseFunctions.Benchmarks;

/// <summary>Publishers of one topic in one process, each with its next event as soon as the last is in the log; also as a process of their own.</summary>
internal static class Publishers
{
    public const string Verb = "publishers";

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(6);
    private static readonly Topic Topic = Topic.Parse("bench");
    private static readonly NewEvent[] OneEvent = [new(null, Encoding.UTF8.GetBytes(new string('x', 200)))];

    public static async Task<int> RunAsync(string connectionString, string table, int count)
    {
        Console.WriteLine((await MeasureAsync(connectionString, table, count, isShared: true)).ToString(CultureInfo.InvariantCulture));
        return 0;
    }

    /// <summary>The same in so many processes.</summary>
    /// <returns>Events a second, of all.</returns>
    public static async Task<double> MeasureAsync(string connectionString, string table, int count, params int[] processes)
    {
        var rates = processes.Select(async _ =>
        {
            using var process = OwnProcess.Start(Verb, connectionString, table, count.ToString(CultureInfo.InvariantCulture));
            return double.Parse((await process.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
        });
        return (await Task.WhenAll(rates)).Sum();
    }

    /// <param name="count">How many publishers.</param>
    /// <param name="isShared">Whether those that come meanwhile share the next transaction; else they wait for their turn before they ask.</param>
    /// <returns>Events a second.</returns>
    public static async Task<double> MeasureAsync(string connectionString, string table, int count, bool isShared)
    {
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var telemetry = new LogTelemetry(services.GetRequiredService<IMeterFactory>(), new TelemetryOptions());
        var log = new TableEventLog(
            new EventTable(TableConnection.Open(new EventLogOptions { ConnectionString = connectionString, TableName = table }, telemetry), TimeProvider.System),
            telemetry,
            TimeProvider.System);
        await PublishAsync(log, count, isShared, WarmUp);
        return await PublishAsync(log, count, isShared, Duration);
    }

    private static async Task<double> PublishAsync(TableEventLog log, int count, bool isShared, TimeSpan duration)
    {
        using var turn = new SemaphoreSlim(1);
        var start = Stopwatch.GetTimestamp();
        var events = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => Task.Run(async () =>
        {
            var published = 0;
            for (; Stopwatch.GetElapsedTime(start) < duration; published++)
            {
                if (!isShared)
                    await turn.WaitAsync();

                await log.AppendAsync(Topic, OneEvent, null, CancellationToken.None);
                if (!isShared)
                    turn.Release();
            }

            return published;
        })));
        return events.Sum() / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
