using System.Globalization;
using SseFunctions.Benchmarks.Servers;

namespace SseFunctions.Benchmarks.Figures;

/// <summary>What it saves to send past Kestrel's pipe: the same fan-out with and without, in turns.</summary>
internal static class Outputs
{
    private const double Goal = 0.9;

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        await using var past = await Emitter.StartAsync();
        await using var through = await Emitter.StartAsync(null, "Stream__SendsPastPipe=false");
        var micros = await FanOut.MeasureAsync([past, through]);

        var ratio = micros[0] / micros[1];
        yield return new Figure(
            "CPU a delivered event, past Kestrel's pipe against through it",
            string.Create(CultureInfo.InvariantCulture, $"≤ {Goal:0.0} ×"),
            string.Create(CultureInfo.InvariantCulture, $"{ratio:0.00} × ({micros[0]:0.0} µs against {micros[1]:0.0} µs)"),
            ratio <= Goal);
    }
}
