using System.Globalization;
using SseFunctions.Benchmarks.Clients;
using SseFunctions.Benchmarks.Servers;

namespace SseFunctions.Benchmarks.Figures;

/// <summary>What a stream costs that waits, against a bare Kestrel request that does.</summary>
internal static class IdleMemory
{
    private const int Streams = 8000;
    private const int WarmUpStreams = 500;
    private const double Goal = 1.2;

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        Environment.SetEnvironmentVariable("DOTNET_GCgen0size", "0x400000"); // of both processes: little of what is measured is garbage
        await using var emitter = await Emitter.StartAsync();
        await using var held = await OwnServer.StartAsync("bare Kestrel request", HeldResponse.Verb);
        var (ours, theirs) = (await MeasureAsync(emitter), await MeasureAsync(held));
        Environment.SetEnvironmentVariable("DOTNET_GCgen0size", null);
        yield return new Figure(
            $"memory of an idle stream, of {Streams}, against a bare Kestrel request",
            string.Create(CultureInfo.InvariantCulture, $"≤ {Goal:0.0} ×"),
            string.Create(CultureInfo.InvariantCulture, $"{ours / theirs:0.00} × ({ours / 1024:0.0} KiB against {theirs / 1024:0.0} KiB)"),
            ours <= Goal * theirs);
    }

    private static async Task<double> MeasureAsync(Server server)
    {
        using var clients = new LoadClients();
        await clients.OpenAsync(server.Port, WarmUpStreams, server.StreamPath);
        var before = server.PrivateBytes;
        await clients.OpenAsync(server.Port, Streams, server.StreamPath);
        return (double)(server.PrivateBytes - before) / Streams;
    }
}
