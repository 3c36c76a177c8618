using System.Globalization;
using System.Text;

namespace SseFunctions.Benchmarks.Scale;

/// <summary>Cost against clients, both by powers of ten.</summary>
internal static class ScalePicture
{
    public const string Path = "docs/scale.svg";

    private const int Width = 860;
    private const int Height = 520;
    private const int Left = 90;
    private const int Right = Width - 190;
    private const int Top = 70;
    private const int Bottom = Height - 60;
    private const int PointsADecade = 20;
    private static readonly (int Min, int Max) ClientDecades = (1, 6);
    private static readonly (int Min, int Max) DollarDecades = (0, 6);

    private static (string Name, string Color, string Dashes, Func<double, double> Cost)[] Curves =>
    [
        ("poll, 5 s", "#c7502b", "none", clients => CostModel.For(new Workload { Clients = clients, PollEvery = TimeSpan.FromSeconds(5) }).Service),
        ("poll, 60 s", "#c7502b", "6 4", clients => CostModel.For(new Workload { Clients = clients, PollEvery = TimeSpan.FromSeconds(60) }).Service),
        ("hold, 512 MB", "#0d7a61", "none", clients => CostModel.For(new Workload { Clients = clients }).Service),
        ("hold, 2048 MB", "#0d7a61", "6 4", clients => CostModel.For(new Workload { Clients = clients, InstanceMemoryMB = 2048 }).Service),
        ("SignalR Service", "#4a6fb5", "none", clients => CostModel.SignalR(new Workload { Clients = clients })),
        ("Web PubSub", "#4a6fb5", "6 4", clients => CostModel.WebPubSub(new Workload { Clients = clients })),
    ];

    public static string Draw()
    {
        var svg = new StringBuilder();
        svg.AppendLine(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Height}" font-family="system-ui, sans-serif" font-size="13">
            <title>Cost a month against clients</title>
            <rect width="100%" height="100%" fill="#fff"/>
            <text x="16" y="28" font-size="17" font-weight="600">USD a month for so many browsers, one topic with one event of 200 bytes in 5 s</text>
            <text x="16" y="50" fill="#555">compute, executions and table, at list prices; egress and logs, which are on top of each, left out</text>
            """);
        for (var decade = ClientDecades.Min; decade <= ClientDecades.Max; decade++)
        {
            var x = X(Math.Pow(10, decade));
            svg.AppendLine(CultureInfo.InvariantCulture, $"<path d=\"M{x:0.#} {Top}V{Bottom}\" stroke=\"#ddd\"/><text x=\"{x:0.#}\" y=\"{Bottom + 20}\" text-anchor=\"middle\" fill=\"#555\">{Math.Pow(10, decade):N0}</text>");
        }

        for (var decade = DollarDecades.Min; decade <= DollarDecades.Max; decade++)
        {
            var y = Y(Math.Pow(10, decade));
            svg.AppendLine(CultureInfo.InvariantCulture, $"<path d=\"M{Left} {y:0.#}H{Right}\" stroke=\"#ddd\"/><text x=\"{Left - 8}\" y=\"{y + 4:0.#}\" text-anchor=\"end\" fill=\"#555\">${Math.Pow(10, decade):N0}</text>");
        }

        svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{(Left + Right) / 2}\" y=\"{Bottom + 42}\" text-anchor=\"middle\" fill=\"#555\">browsers at a time</text>");
        foreach (var (name, color, dashes, cost) in Curves)
        {
            var steps = (ClientDecades.Max - ClientDecades.Min) * PointsADecade;
            var points = Enumerable.Range(0, steps + 1).Select(step =>
            {
                var clients = Math.Pow(10, ClientDecades.Min + ((double)step / PointsADecade));
                return string.Create(CultureInfo.InvariantCulture, $"{X(clients):0.#},{Y(cost(clients)):0.#}");
            });
            svg.AppendLine(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"2\" stroke-dasharray=\"{dashes}\" points=\"{string.Join(' ', points)}\"/>");
        }

        // Names stand at the curves' ends, from the dearest down, at least a line apart.
        var last = double.NegativeInfinity;
        var most = Math.Pow(10, ClientDecades.Max);
        foreach (var (name, color, _, cost) in Curves.OrderByDescending(curve => curve.Cost(most)))
        {
            last = Math.Max(last + 17, Y(cost(most)) + 4);
            svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{Right + 8}\" y=\"{last:0.#}\" fill=\"{color}\">{name}: ${cost(most):N0}</text>");
        }

        return svg.AppendLine("</svg>").ToString();
    }

    private static double X(double clients) =>
        Left + ((Right - Left) * (Math.Log10(clients) - ClientDecades.Min) / (ClientDecades.Max - ClientDecades.Min));

    private static double Y(double dollars) =>
        Bottom - ((Bottom - Top) * (Math.Log10(Math.Max(1, dollars)) - DollarDecades.Min) / (DollarDecades.Max - DollarDecades.Min));
}
