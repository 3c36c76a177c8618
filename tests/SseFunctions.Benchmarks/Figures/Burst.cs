using System.Diagnostics;
using System.Globalization;
using SseFunctions.Benchmarks.Clients;
using SseFunctions.Benchmarks.Servers;

namespace SseFunctions.Benchmarks.Figures;

/// <summary>A thousand events a second to a thousand streams, in batches of 50; and how often that is written.</summary>
internal static class Burst
{
    private const int Rate = 1000;
    private const int Batch = 50;
    private const int Seconds = 10;

    /// <summary>What nchan is given instead: it could not keep up.</summary>
    private const int NchanRate = 60;
    private const double OfNchan = 10;
    private static readonly TimeSpan LatencyGoal = TimeSpan.FromSeconds(1);

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        await using var emitter = await Emitter.StartAsync();
        var ours = await MeasureAsync(emitter, Rate, Batch);
        var p99 = TimeSpan.FromMicroseconds(ours.Report.LatencyP99);
        yield return new Figure(
            $"burst: {FanOut.Streams} streams × {Rate} ev/s for {Seconds} s",
            "1,000,000 deliveries/s, none lost, p99 < 1 s",
            string.Create(CultureInfo.InvariantCulture, $"{ours.Report.Events / ours.Seconds:N0} deliveries/s, {ours.Report.Lost} lost, p99 {p99.TotalSeconds:0.000} s"),
            ours.Report.Lost + ours.Report.Repeated == 0 && ours.Report.Events == (long)FanOut.Streams * Rate * Seconds && p99 < LatencyGoal);

        if (Nchan.IsInstalled)
        {
            await using var nchan = await Nchan.StartAsync();
            var theirs = await MeasureAsync(nchan, NchanRate, 1);
            var ratio = ours.PerCpuSecond / theirs.PerCpuSecond;
            yield return new Figure(
                "burst: deliveries a CPU-second, against nchan",
                string.Create(CultureInfo.InvariantCulture, $"≥ {OfNchan:0} ×"),
                string.Create(CultureInfo.InvariantCulture, $"{ratio:0.0} × ({ours.PerCpuSecond:N0} against {theirs.PerCpuSecond:N0})"),
                ratio >= OfNchan);
        }

        foreach (var (rate, goal) in ((int?, double)[])[(10, 10), (100, 20), (null, 20)])
        {
            var run = await MeasureAsync(emitter, (publisher, duration) => PublishOneByOneAsync(publisher, rate, duration));
            var writes = run.Report.Writes / run.Seconds / FanOut.Streams;
            var published = run.Report.Events / run.Seconds / FanOut.Streams;
            yield return new Figure(
                rate is null ? "writes a stream and second, events published one by one as fast as they go through" : $"writes a stream and second at {rate} ev/s",
                string.Create(CultureInfo.InvariantCulture, $"≤ {goal:0}"),
                string.Create(CultureInfo.InvariantCulture, $"{writes:0.0} at {published:0} ev/s"),
                writes <= goal + 0.1); // a heartbeat
        }
    }

    private static async Task PublishOneByOneAsync(Publisher publisher, int? rate, TimeSpan duration)
    {
        if (rate is { } steady)
        {
            await publisher.PublishAsync((int)(steady * duration.TotalSeconds), steady);
            return;
        }

        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < duration;)
            await publisher.PublishBatchAsync(1);
    }

    private static Task<(ClientReport Report, double Seconds, double PerCpuSecond)> MeasureAsync(Server server, int rate, int batch) =>
        MeasureAsync(server, (publisher, duration) => publisher.PublishAsync((int)(rate * duration.TotalSeconds), rate, batch));

    private static async Task<(ClientReport Report, double Seconds, double PerCpuSecond)> MeasureAsync(Server server, Func<Publisher, TimeSpan, Task> publishAsync)
    {
        var publisher = new Publisher(server);
        using var clients = new LoadClients();
        await clients.OpenAsync(server.Port, FanOut.Streams, server.StreamPath);
        await publishAsync(publisher, TimeSpan.FromSeconds(2));
        await clients.UntilAsync(report => report.Newest == publisher.Next - 1, "the first events");
        await clients.ResetAsync();

        var (cpu, start) = (server.CpuSeconds, Stopwatch.GetTimestamp());
        await publishAsync(publisher, TimeSpan.FromSeconds(Seconds));
        var report = await clients.UntilAsync(report => report.Newest == publisher.Next - 1, "all events");
        var (used, seconds) = (server.CpuSeconds - cpu, Stopwatch.GetElapsedTime(start).TotalSeconds);
        return (report, seconds, report.Events / used);
    }
}
