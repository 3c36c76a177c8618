using System.Globalization;
using System.Text;

namespace SseFunctions.Benchmarks.Storm;

/// <summary>The arrival rates as a picture: the first seconds, and the waves that follow when every stream lives as long as the others.</summary>
internal static class StormPicture
{
    public const string Path = "docs/reconnect-storm.svg";

    private const int Width = 860;
    private const int PanelHeight = 200;
    private const int Left = 90;
    private const int Gap = 70;
    private static readonly TimeSpan FirstSeconds = TimeSpan.FromSeconds(6);

    /// <param name="same">Connections in each step when all get the same times.</param>
    /// <param name="drawn">Connections in each step when times are drawn.</param>
    public static string Draw(int[] same, int[] drawn)
    {
        var svg = new StringBuilder();
        svg.AppendLine(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {(2 * (PanelHeight + Gap)) + 50}" font-family="system-ui, sans-serif" font-size="13">
            <title>Connections a second after a million streams were cut</title>
            <rect width="100%" height="100%" fill="#fff"/>
            <text x="16" y="28" font-size="17" font-weight="600">1,000,000 streams are cut at once by a restart of 2 s: connections a second</text>
            <g font-size="13"><rect x="{Width - 330}" y="44" width="12" height="12" fill="#c7502b"/><text x="{Width - 312}" y="55">the same times for all</text>
            <rect x="{Width - 160}" y="44" width="12" height="12" fill="#0d7a61"/><text x="{Width - 142}" y="55">drawn, as here</text></g>
            """);
        var first = (int)(FirstSeconds / ReconnectStorm.Step);
        Panel(svg, 70, "the first seconds", [same[..first], drawn[..first]], TimeSpan.Zero, 1);
        Panel(svg, 70 + PanelHeight + Gap, "the minutes after: streams of 2 minutes end and come back", [same[first..], drawn[first..]], FirstSeconds, (int)(TimeSpan.FromSeconds(1) / ReconnectStorm.Step));
        return svg.AppendLine("</svg>").ToString();
    }

    private static void Panel(StringBuilder svg, int top, string title, int[][] series, TimeSpan start, int perPoint)
    {
        var rates = series.Select(arrivals => Rates(arrivals, perPoint)).ToArray();
        var highest = rates.Max(rate => rate.Max());
        var (bottom, plotWidth) = (top + PanelHeight, Width - Left - 20);
        svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"{top - 8}\" fill=\"#555\">{title}</text>");
        for (var line = 0; line <= 4; line++)
        {
            var y = bottom - (PanelHeight * line / 4);
            svg.AppendLine(CultureInfo.InvariantCulture, $"<path d=\"M{Left} {y}H{Width - 20}\" stroke=\"#ddd\"/><text x=\"{Left - 8}\" y=\"{y + 4}\" text-anchor=\"end\" fill=\"#555\">{highest * line / 4:N0}</text>");
        }

        var seconds = series[0].Length * ReconnectStorm.Step.TotalSeconds;
        for (var tick = 0; tick <= 6; tick++)
            svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{Left + (plotWidth * tick / 6)}\" y=\"{bottom + 20}\" text-anchor=\"middle\" fill=\"#555\">{start.TotalSeconds + (seconds * tick / 6):0} s</text>");

        foreach (var (rate, color) in rates.Zip((string[])["#c7502b", "#0d7a61"]))
        {
            var points = rate.Select((value, i) => string.Create(CultureInfo.InvariantCulture, $"{Left + ((double)plotWidth * i / (rate.Length - 1)):0.#},{bottom - (PanelHeight * value / highest):0.#}"));
            svg.AppendLine(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"2\" points=\"{string.Join(' ', points)}\"/>");
        }
    }

    private static double[] Rates(int[] arrivals, int perPoint) =>
        [.. arrivals.Chunk(perPoint).Select(chunk => chunk.Sum() / (chunk.Length * ReconnectStorm.Step.TotalSeconds))];
}
