using System.Globalization;
using SseFunctions.Benchmarks.Servers;

namespace SseFunctions.Benchmarks.Figures;

/// <summary>What it costs to leave events out: the same deliveries by streams without a filter and with one, in turns.</summary>
internal static class Filter
{
    private const double Goal = 1.3;
    private static readonly int[] Unwanted = [1, 9];

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        await using var all = await Emitter.StartAsync();
        await using var half = await Emitter.StartFilteredAsync(Unwanted[0]);
        await using var tenth = await Emitter.StartFilteredAsync(Unwanted[1]);
        var micros = await FanOut.MeasureAsync([all, half, tenth]);

        for (var i = 0; i < Unwanted.Length; i++)
        {
            var ratio = micros[i + 1] / micros[0];
            yield return new Figure(
                $"CPU a delivered event, of {Unwanted[i] + 1} published by a filter, against all of them",
                string.Create(CultureInfo.InvariantCulture, $"≤ {Goal:0.0} ×"),
                string.Create(CultureInfo.InvariantCulture, $"{ratio:0.00} × ({micros[i + 1]:0.0} µs against {micros[0]:0.0} µs)"),
                ratio <= Goal);
        }
    }
}
