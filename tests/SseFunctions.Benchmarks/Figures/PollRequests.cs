using System.Globalization;
using SseFunctions.Benchmarks.Servers;

namespace SseFunctions.Benchmarks.Figures;

/// <summary>
/// Server CPU for a request with <c>?mode=poll</c>, which gets what there is and ends, against a bare Kestrel request that
/// answers as many bytes. In turns, since a shared machine is faster in one minute than in the next.
/// </summary>
internal static class PollRequests
{
    private const int Connections = 8;
    private const int TurnRequests = 4000;
    private const int Rounds = 4;

    /// <summary>Compilers work in the background for that long, and are of the server's CPU.</summary>
    private const int WarmUpRounds = 3;
    private const int NewEvents = 5;
    private const double Goal = 2.5;

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        await using var emitter = await Emitter.StartAsync();
        await using var bare = await OwnServer.StartAsync("bare Kestrel request", HeldResponse.Verb);
        await new Publisher(emitter).PublishBatchAsync(NewEvents);
        foreach (var events in (int[])[0, NewEvents])
        {
            var (ours, theirs) = await MeasureAsync(emitter, $"{emitter.StreamPath}?mode=poll&last={events}", bare);
            yield return new Figure(
                string.Create(CultureInfo.InvariantCulture, $"CPU a poll request that finds {events} events, against a bare Kestrel request with as many bytes"),
                string.Create(CultureInfo.InvariantCulture, $"≤ {Goal:0.0} ×"),
                string.Create(CultureInfo.InvariantCulture, $"{ours / theirs:0.00} × ({ours:0} µs against {theirs:0} µs)"),
                ours <= Goal * theirs);
        }
    }

    /// <returns>Microseconds a request.</returns>
    private static async Task<(double Ours, double Theirs)> MeasureAsync(Server emitter, string path, Server bare)
    {
        using var client = new HttpClient();
        var bytes = (await client.GetByteArrayAsync(AddressOf(emitter, path))).Length;
        var barePath = string.Create(CultureInfo.InvariantCulture, $"{HeldResponse.AtOncePath}?bytes={bytes}");
        var (ours, theirs) = (0.0, 0.0);
        for (var round = -WarmUpRounds; round < Rounds; round++)
        {
            var (one, other) = (await TurnAsync(client, emitter, path), await TurnAsync(client, bare, barePath));
            if (round >= 0)
                (ours, theirs) = (ours + one, theirs + other);
        }

        return (Micros(ours), Micros(theirs));

        static double Micros(double cpuSeconds) => cpuSeconds * 1e6 / (Rounds * TurnRequests);
    }

    private static async Task<double> TurnAsync(HttpClient client, Server server, string path)
    {
        var (address, before) = (AddressOf(server, path), server.CpuSeconds);
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < TurnRequests / Connections; i++)
                await client.GetByteArrayAsync(address);
        })));
        return server.CpuSeconds - before;
    }

    private static Uri AddressOf(Server server, string path) => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{server.Port}{path}"));
}
