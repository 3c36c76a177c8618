using System.Globalization;
using SseFunctions.Benchmarks.Clients;
using SseFunctions.Benchmarks.Servers;
using SseFunctions.TestSupport;

namespace SseFunctions.Benchmarks.Figures;

/// <summary>Many models' answers at a time: written by one process, read from another, a reader for each.</summary>
internal static class Runs
{
    private const int Count = 200;
    private const int Tokens = 500;
    private const int Rate = 50;
    private static readonly TimeSpan Goal = TimeSpan.FromMilliseconds(250);

    /// <summary>PublishStreamAsync's own, and one at which so many answers fit into the machine's Azurite.</summary>
    private static readonly int[] FlushMs = [50, 150];

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        foreach (var flushMs in FlushMs)
        {
            var (report, requests) = await MeasureAsync(flushMs);
            var isExact = report is { Lost: 0, Repeated: 0, Events: Count * Tokens };
            yield return new Figure(
                $"{Count} runs of {Tokens} tokens at {Rate} a second, across two processes, flushed every {flushMs} ms: every reader exact; token to client, p50, p95",
                string.Create(CultureInfo.InvariantCulture, $"exact; p95 ≤ {Goal.TotalMilliseconds:0} ms"),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{(isExact ? "exact" : $"{report.Events} events, {report.Lost} lost, {report.Repeated} repeated")}; {report.LatencyP50 / 1000.0:0} ms, {report.LatencyP95 / 1000.0:0} ms; {requests / (double)Count:0} table requests of the writer a run"),
                isExact && TimeSpan.FromMicroseconds(report.LatencyP95) <= Goal);
        }
    }

    private static async Task<(ClientReport Report, long Requests)> MeasureAsync(int flushMs)
    {
        var table = TestStorage.NewTableName();
        await using var reading = await Emitter.StartAsync(table);
        string[] arguments = [RunWriter.Verb, await TestStorage.ConnectionStringAsync(), table, .. new[] { Count, Tokens, Rate, flushMs }.Select(number => number.ToString(CultureInfo.InvariantCulture))];
        using var writer = OwnProcess.Start(arguments);
        await writer.StandardOutput.ReadLineAsync();
        using var clients = new LoadClients();
        for (var run = 0; run < Count; run++)
            await clients.OpenAsync(reading.Port, 1, $"/api/events/{RunWriter.Topic(run)}?from=start");

        await writer.StandardInput.WriteLineAsync();
        var report = await clients.UntilAsync(report => report.Newest == Tokens - 1, "all tokens");
        return (report, long.Parse((await writer.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture));
    }
}
