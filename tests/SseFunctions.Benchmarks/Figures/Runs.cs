using System.Diagnostics;
using System.Globalization;
using SseFunctions.Benchmarks.Clients;
using SseFunctions.Publishing;
using SseFunctions.TestSupport;

namespace SseFunctions.Benchmarks.Figures;

/// <summary>Many models' answers at a time: written by one process, read from another, a reader for each.</summary>
internal static class Runs
{
    private const int Tokens = 500;
    private const int Rate = 50;
    private static readonly TimeSpan Goal = TimeSpan.FromMilliseconds(250);

    private static readonly int[] Counts = [20, 50, 100, 200];
    private static readonly TimeSpan FlushInterval = new PublishStreamOptions().FlushInterval;
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(4);

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        foreach (var count in Counts)
        {
            var run = await MeasureAsync(count);
            var isExact = run is { Failed: 0, Clients: { Lost: 0, Repeated: 0 } } && run.Clients.Events == count * Tokens;
            yield return new Figure(
                $"{count} runs of {Tokens} tokens at {Rate} a second, across two processes: every reader exact; token to client, p50, p95",
                string.Create(CultureInfo.InvariantCulture, $"exact; p95 ≤ {Goal.TotalMilliseconds:0} ms"),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{(isExact ? "exact" : $"{run.Clients.Events} events, {run.Clients.Lost} lost, {run.Clients.Repeated} repeated, {run.Failed} runs failed")}; {run.Clients.LatencyP50 / 1000.0:0} ms, {run.Clients.LatencyP95 / 1000.0:0} ms; table requests a run: {PerRun(run.Writer, count)} of the writer, {PerRun(run.Reader, count)} of the reader; {run.Clients.Ends} responses ended; {run.Elapsed.TotalSeconds:0.0} s, CPU of a core: Azurite {run.AzuriteCpu / run.Elapsed:P0}, writer {run.WriterCpu / run.Elapsed:P0}, reader {run.ReaderCpu / run.Elapsed:P0}"),
                isExact && TimeSpan.FromMicroseconds(run.Clients.LatencyP95) <= Goal);
        }
    }

    private static string PerRun(Dictionary<string, long> requests, int count) =>
        string.Join(", ", requests.OrderByDescending(pair => pair.Value).Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Value / (double)count:0.0} {pair.Key}")));

    private static async Task<Measurement> MeasureAsync(int count)
    {
        var (connectionString, table) = (await TestStorage.ConnectionStringAsync(), TestStorage.NewTableName());
        using var reader = OwnProcess.Start(RunReader.Verb, connectionString, table);
        var port = int.Parse((await reader.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
        using var writer = OwnProcess.Start([RunWriter.Verb, connectionString, table, .. new[] { count, Tokens, Rate, (int)FlushInterval.TotalMilliseconds }.Select(number => number.ToString(CultureInfo.InvariantCulture))]);
        await writer.StandardOutput.ReadLineAsync();
        using var clients = new LoadClients();
        for (var run = 0; run < count; run++)
            await clients.OpenAsync(port, 1, $"/api/events/{RunWriter.Topic(run)}?from=start");

        var (start, before) = (Stopwatch.GetTimestamp(), await CpuTimesAsync());
        await writer.StandardInput.WriteLineAsync();
        var report = await clients.UntilAsync(report => report.Over == count, "all runs have ended", Timeout);
        var (elapsed, after) = (Stopwatch.GetElapsedTime(start), await CpuTimesAsync());
        await reader.StandardInput.WriteLineAsync();
        await writer.StandardInput.WriteLineAsync();
        return new Measurement(
            report,
            int.Parse((await writer.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture),
            TableRequests.FromJson((await writer.StandardOutput.ReadLineAsync())!),
            TableRequests.FromJson((await reader.StandardOutput.ReadLineAsync())!),
            elapsed,
            after.Azurite - before.Azurite,
            after.Writer - before.Writer,
            after.Reader - before.Reader);

        async Task<(TimeSpan Azurite, TimeSpan Writer, TimeSpan Reader)> CpuTimesAsync()
        {
            writer.Refresh();
            reader.Refresh();
            return (await TestStorage.CpuTimeAsync(), writer.TotalProcessorTime, reader.TotalProcessorTime);
        }
    }

    /// <param name="Failed">Runs whose writing ended with an exception.</param>
    /// <param name="Elapsed">Until every client had been told that there is no more.</param>
    private sealed record Measurement(
        ClientReport Clients, int Failed, Dictionary<string, long> Writer, Dictionary<string, long> Reader, TimeSpan Elapsed,
        TimeSpan AzuriteCpu, TimeSpan WriterCpu, TimeSpan ReaderCpu);
}
