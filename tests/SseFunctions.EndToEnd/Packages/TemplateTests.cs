using System.Text.Json;
using SseFunctions.TestSupport;
using SseFunctions.WorkerHost;

namespace SseFunctions.EndToEnd.Packages;

/// <summary>dotnet new sse-functions, from the packed file.</summary>
[Collection(PackageCollection.Name)]
public sealed class TemplateTests(PackageFeed feed)
{
    /// <summary>A package floor that a partial copy of the feed lacks, of packages that are not ours.</summary>
    private const string FeedWarning = "NU1603";

    [SkippableFact]
    public async Task New_app_builds_without_a_warning_and_passes_its_smoke_test()
    {
        PackageFeed.SkipInBrief();
        var app = Directory.CreateDirectory(feed.NewFolder("NewApp")).FullName;
        // Of its own, so that the machine's templates stay as they are.
        string[] hive = ["--debug:custom-hive", feed.NewFolder("templates")];
        await DotNet.RunAsync(app, ["new", "install", feed.FileOf("SseFunctions.Templates"), .. hive]);
        await DotNet.RunAsync(app, ["new", "sse-functions", "-n", "Newsroom", "-o", app, .. hive]);

        var (output, lines) = await feed.BuildAsync(app);

        Assert.DoesNotContain(lines, line => line.Contains("warning ", StringComparison.Ordinal) && !line.Contains(FeedWarning, StringComparison.Ordinal));
        Assert.Equal(Repository("host.json"), await File.ReadAllTextAsync(Path.Combine(app, "host.json")));
        Assert.Equal(Repository("infra/main.bicep"), await File.ReadAllTextAsync(Path.Combine(app, "infra", "main.bicep")));
        Assert.DoesNotContain("SseApp", await File.ReadAllTextAsync(Path.Combine(app, "NewsFunctions.cs")), StringComparison.Ordinal);
        await using var host = await FunctionsHost.StartAsync(new FunctionsHostOptions { App = new FunctionApp(output), Settings = await SettingsAsync(app) });
        Assert.Contains("Published and received", await SmokeTestAsync(app, host), StringComparison.Ordinal);
    }

    /// <summary>As func reads them from the app's local.settings.json, with the tests' storage.</summary>
    private static async Task<IReadOnlyDictionary<string, string>> SettingsAsync(string app)
    {
        var values = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(app, "local.settings.json"))).RootElement.GetProperty("Values");
        var settings = values.EnumerateObject().ToDictionary(value => value.Name, value => value.Value.GetString()!);
        settings["EventLog__ConnectionString"] = await TestStorage.ConnectionStringAsync();
        settings["EventLog__TableName"] = TestStorage.NewTableName();
        return settings;
    }

    private static async Task<string> SmokeTestAsync(string app, FunctionsHost host)
    {
        await using var node = WatchedProcess.Start(
            "node", ["smoke.mjs", host.BaseAddress.AbsoluteUri.TrimEnd('/'), host.FunctionKey], app, new Dictionary<string, string>());
        var exitCode = await node.ExitAsync(SseStream.Timeout);
        Assert.True(exitCode == 0, node.Output);
        return node.Output;
    }

    private static string Repository(string path) => File.ReadAllText(Path.Combine(NodeFolder.FullName, "../../..", path));
}
