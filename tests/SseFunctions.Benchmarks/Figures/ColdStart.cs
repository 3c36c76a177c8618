using System.Diagnostics;
using System.Globalization;
using SseFunctions.Benchmarks.Servers;
using SseFunctions.TestSupport;
using SseFunctions.WorkerHost;

namespace SseFunctions.Benchmarks.Figures;

/// <summary>From the start of a process to the first event of a stream, published with ReadyToRun against without.</summary>
internal static class ColdStart
{
    private const int Starts = 5;
    private const double Goal = 0.8;
    private const string Topic = "cold";

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        var table = TestStorage.NewTableName();
        await using (var emitter = await Emitter.StartAsync(table))
            await emitter.PublishToAsync(Topic, ["a"]);

        var folder = Directory.CreateTempSubdirectory("cold-start");
        try
        {
            yield return await CompareAsync("local host", "SseFunctions.Local", folder, app => StartLocalHostAsync(app, table));
            yield return await CompareAsync("worker, with the start of its host's own part", "SseFunctions", folder, app => StartWorkerAsync(app, table));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<Figure> CompareAsync(string name, string project, DirectoryInfo folder, Func<string, Task<TimeSpan>> startAsync)
    {
        var (with, without) = (await PublishAsync(project, folder, isReadyToRun: true), await PublishAsync(project, folder, isReadyToRun: false));
        var (best, bestWithout) = (TimeSpan.MaxValue, TimeSpan.MaxValue);
        for (var i = 0; i < Starts; i++)
        {
            best = Min(best, await startAsync(with));
            bestWithout = Min(bestWithout, await startAsync(without));
        }

        return new Figure(
            $"cold start of the {name}, best of {Starts}, ReadyToRun against without",
            string.Create(CultureInfo.InvariantCulture, $"≤ {Goal:0.0} ×"),
            string.Create(CultureInfo.InvariantCulture, $"{best / bestWithout:0.00} × ({best.TotalSeconds:0.00} s against {bestWithout.TotalSeconds:0.00} s)"),
            best <= Goal * bestWithout);
    }

    private static async Task<TimeSpan> StartLocalHostAsync(string app, string table)
    {
        var start = Stopwatch.GetTimestamp();
        await using var host = await LocalHostProcess.StartFromAsync(app, table);
        return await ReadEventAsync(host.Client, start);
    }

    private static async Task<TimeSpan> StartWorkerAsync(string app, string table)
    {
        var options = new FunctionsHostOptions { App = new FunctionApp(app), Settings = await AppSettings.ForAsync(table) };
        var start = Stopwatch.GetTimestamp();
        await using var host = await FunctionsHost.StartAsync(options);
        using var client = host.NewClient();
        return await ReadEventAsync(client, start);
    }

    private static async Task<TimeSpan> ReadEventAsync(HttpClient client, long start)
    {
        await using var stream = await SseStream.OpenAsync(client, $"events/{Topic}?from=start");
        await stream.ReadEventAsync();
        return Stopwatch.GetElapsedTime(start);
    }

    /// <returns>The folder that it was published to.</returns>
    private static async Task<string> PublishAsync(string project, DirectoryInfo folder, bool isReadyToRun)
    {
        var output = Path.Combine(folder.FullName, $"{project}-{(isReadyToRun ? "r2r" : "jit")}");
        using var publish = Process.Start(
            "dotnet",
            ["publish", $"src/{project}", "-c", "Release", "-r", "linux-x64", "--self-contained", "false", $"-p:PublishReadyToRun={isReadyToRun}", "-o", output, "-v", "q", "-nologo"]);
        await publish.WaitForExitAsync();
        return publish.ExitCode == 0 ? output : throw new InvalidOperationException($"dotnet publish of {project} failed.");
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
