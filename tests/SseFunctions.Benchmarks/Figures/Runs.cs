using System.Globalization;
using SseFunctions.Benchmarks.Clients;
using SseFunctions.Benchmarks.Servers;
using SseFunctions.Publishing;
using SseFunctions.TestSupport;

namespace SseFunctions.Benchmarks.Figures;

/// <summary>Many models' answers at a time: written by one process, read from another, a reader for each.</summary>
internal static class Runs
{
    private const int Tokens = 500;
    private const int Rate = 50;
    private static readonly TimeSpan Goal = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Each transaction is a request, and each read of what it has brought another, for every run at a time: with many, Azurite's own time is the
    /// limit, and transactions grow.
    /// </summary>
    private static readonly int[] Counts = [20, 200];
    private static readonly TimeSpan FlushInterval = new PublishStreamOptions().FlushInterval;
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        foreach (var count in Counts)
        {
            var (report, requests) = await MeasureAsync(count);
            var isExact = report is { Lost: 0, Repeated: 0 } && report.Events == count * Tokens;
            yield return new Figure(
                $"{count} runs of {Tokens} tokens at {Rate} a second, across two processes: every reader exact; token to client, p50, p95",
                string.Create(CultureInfo.InvariantCulture, $"exact; p95 ≤ {Goal.TotalMilliseconds:0} ms"),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{(isExact ? "exact" : $"{report.Events} events, {report.Lost} lost, {report.Repeated} repeated")}; {report.LatencyP50 / 1000.0:0} ms, {report.LatencyP95 / 1000.0:0} ms; {requests / (double)count:0} table requests of the writer a run"),
                isExact && TimeSpan.FromMicroseconds(report.LatencyP95) <= Goal);
        }
    }

    private static async Task<(ClientReport Report, long Requests)> MeasureAsync(int count)
    {
        var table = TestStorage.NewTableName();
        await using var reading = await Emitter.StartAsync(table);
        string[] arguments = [RunWriter.Verb, await TestStorage.ConnectionStringAsync(), table, .. new[] { count, Tokens, Rate, (int)FlushInterval.TotalMilliseconds }.Select(number => number.ToString(CultureInfo.InvariantCulture))];
        using var writer = OwnProcess.Start(arguments);
        await writer.StandardOutput.ReadLineAsync();
        using var clients = new LoadClients();
        for (var run = 0; run < count; run++)
            await clients.OpenAsync(reading.Port, 1, $"/api/events/{RunWriter.Topic(run)}?from=start");

        await writer.StandardInput.WriteLineAsync();
        var report = await clients.UntilAsync(report => report.Newest == Tokens - 1, "all tokens", Timeout);
        return (report, long.Parse((await writer.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture));
    }
}
