using System.Diagnostics;
using System.Globalization;
using Azure.Data.Tables;
using SseFunctions.Benchmarks.Clients;
using SseFunctions.Benchmarks.Servers;
using SseFunctions.TestSupport;

namespace SseFunctions.Benchmarks.Figures;

/// <summary>One client far behind, on a process that knows nothing yet, against a bare query of the same rows.</summary>
internal static class CatchUp
{
    /// <summary>Azurite takes a quarter of an hour to be given a hundred thousand.</summary>
    private const int Events = 20_000;
    private const int Rounds = 3;

    /// <summary>It is the topic that is cold: the process has read another, since compiling takes it as long as some thousand events.</summary>
    private const string WarmUpTopic = "warm-up";
    private const int WarmUpEvents = 3000;
    private const double Goal = 0.9;

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        var table = TestStorage.NewTableName();
        await using (var emitter = await Emitter.StartAsync(table))
        {
            await emitter.PublishToAsync(WarmUpTopic, [.. Enumerable.Range(0, WarmUpEvents).Select(i => BenchmarkEvent.Create(i, 200))]);
            await new Publisher(emitter).PublishBatchAsync(Events);
        }

        Console.WriteLine("  the events are there");
        var (streamed, queried) = (new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            queried.Add(await QueryAsync(table));
            streamed.Add(await StreamAsync(table));
        }

        var (ours, theirs) = (Events / streamed.Min(), Events / queried.Min());
        yield return new Figure(
            $"catch-up of {Events:N0} events from cold, against a bare query, fastest of {Rounds}",
            string.Create(CultureInfo.InvariantCulture, $"≥ {Goal:0.0} ×"),
            string.Create(CultureInfo.InvariantCulture, $"{ours / theirs:0.00} × ({ours:N0} events/s against {theirs:N0})"),
            ours >= Goal * theirs);
    }

    private static async Task<double> QueryAsync(string table)
    {
        var client = new TableClient(await TestStorage.ConnectionStringAsync(), table);
        var start = Stopwatch.GetTimestamp();
        var rows = 0;
        await foreach (var row in client.QueryAsync<TableEntity>($"PartitionKey eq '{Emitter.Topic}' and RowKey ge '0' and RowKey lt ':'"))
            rows += row.GetBinary("Data").Length > 0 ? 1 : 0;

        return rows == Events ? Stopwatch.GetElapsedTime(start).TotalSeconds : throw new InvalidOperationException($"The query gave {rows} rows.");
    }

    private static async Task<double> StreamAsync(string table)
    {
        await using var emitter = await Emitter.StartAsync(table);
        using var clients = new LoadClients();
        await clients.OpenAsync(emitter.Port, 1, $"/api/events/{WarmUpTopic}?from=start");
        await clients.UntilAsync(report => report.Newest == WarmUpEvents - 1, "the process is warm");
        await clients.CloseAsync();
        var start = Stopwatch.GetTimestamp();
        await clients.OpenAsync(emitter.Port, 1, emitter.StreamPath + "?from=start");
        var report = await clients.UntilAsync(report => report.Newest == Events - 1, "all events");
        return report.Events == Events ? Stopwatch.GetElapsedTime(start).TotalSeconds : throw new InvalidOperationException($"{report.Events} events came.");
    }
}
