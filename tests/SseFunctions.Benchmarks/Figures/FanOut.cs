using System.Globalization;
using SseFunctions.Benchmarks.Clients;
using SseFunctions.Benchmarks.Servers;

namespace SseFunctions.Benchmarks.Figures;

/// <summary>
/// Server CPU for each delivered event: many streams of one topic, at a moderate rate. The servers are measured in turns,
/// since a shared machine is faster in one minute than in the next.
/// </summary>
internal static class FanOut
{
    public const int Streams = 1000;
    private const int Rate = 20;
    private const int TurnSeconds = 5;
    private const int Rounds = 4;

    /// <summary>Compilers work in the background for that long, and are of the server's CPU.</summary>
    private const int WarmUpRounds = 3;
    private const int SettlingEvents = 10;

    private const double OfNchan = 0.8;
    private const double OfBareLoop = 1.5;

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        await using var emitter = await Emitter.StartAsync();
        await using var bare = await OwnServer.StartAsync("bare send loop", BareSendLoop.Verb);
        await using var stock = await OwnServer.StartAsync("TypedResults.ServerSentEvents", StockServer.Verb);
        await using var nchan = Nchan.IsInstalled ? await Nchan.StartAsync() : null;
        Server[] servers = [emitter, bare, stock, .. nchan is null ? (Server[])[] : [nchan]];
        var micros = await MeasureAsync(servers);

        var all = string.Join(", ", servers.Zip(micros, (server, cost) => string.Create(CultureInfo.InvariantCulture, $"{server.Name} {cost:0.0} µs")));
        yield return Ratio("bare send loop", micros[0] / micros[1], OfBareLoop);
        if (nchan is not null)
            yield return Ratio("nchan", micros[0] / micros[3], OfNchan);

        yield return new Figure("CPU a delivered event", "", all, true);

        static Figure Ratio(string peer, double ratio, double goal) => new(
            $"CPU a delivered event, {Streams} streams, {Rate} ev/s, 200 B, against {peer}",
            string.Create(CultureInfo.InvariantCulture, $"≤ {goal:0.0} ×"),
            string.Create(CultureInfo.InvariantCulture, $"{ratio:0.00} ×"),
            ratio <= goal);
    }

    /// <returns>Microseconds an event, a server.</returns>
    public static async Task<double[]> MeasureAsync(Server[] servers)
    {
        var (cpu, events) = (new double[servers.Length], new long[servers.Length]);
        var publishers = servers.Select(server => new Publisher(server)).ToArray();
        using var clients = new LoadClients();
        for (var round = -WarmUpRounds; round < Rounds; round++)
        {
            for (var i = 0; i < servers.Length; i++)
            {
                var (used, report) = await TurnAsync(servers[i], publishers[i], clients);
                if (round < 0)
                    continue;

                if (report.Lost + report.Repeated > 0)
                    throw new InvalidOperationException($"{servers[i].Name} lost {report.Lost} events and repeated {report.Repeated}.");

                cpu[i] += used;
                events[i] += report.Events;
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"  {servers[i].Name}: {used * 1e6 / report.Events:0.0} µs an event; {report.Events} events; latency p50 {report.LatencyP50} µs, p99 {report.LatencyP99} µs"));
            }
        }

        return [.. cpu.Zip(events, (seconds, count) => seconds * 1e6 / count)];
    }

    private static async Task<(double CpuSeconds, ClientReport Report)> TurnAsync(Server server, Publisher publisher, LoadClients clients)
    {
        await clients.OpenAsync(server.Port, Streams, server.StreamPath);
        await publisher.PublishAsync(SettlingEvents, Rate);
        await clients.UntilAsync(report => report.Newest == publisher.Next - 1, "the first events");
        await clients.ResetAsync();

        var before = server.CpuSeconds;
        await publisher.PublishAsync(Rate * TurnSeconds, Rate);
        var report = await clients.UntilAsync(report => report.Newest == publisher.Next - 1, "all events");
        var used = server.CpuSeconds - before;
        await clients.CloseAsync();
        return (used, report);
    }
}
