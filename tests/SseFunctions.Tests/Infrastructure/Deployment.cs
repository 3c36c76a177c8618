using System.Text.Json.Nodes;

namespace SseFunctions.Tests.Infrastructure;

/// <summary>What a deployment of infra/main.bicep would make, as the compiler predicts it.</summary>
internal sealed class Deployment
{
    private const string FunctionApp = "Microsoft.Web/sites";

    private static readonly Lazy<Task<Deployment>> OfMainParameters = new(async () => Read(await SnapshotAsync(ScratchCopy(), "main.bicepparam")));

    private static readonly Lazy<Task<Deployment>> OfOtherParameters = new(async () => Read(await PredictAsync(
        "param name = 'other-name'",
        "param tags = { team: 'a' }",
        "param anonymousTopics = ['news', 'scores.*']",
        "param corsOrigins = ['https://a.example', 'https://b.example']",
        "param corsSupportCredentials = true",
        "param clockSchedule = '0 * * * * *'",
        "param retentionSchedule = '0 0 * * * *'",
        "param appSettings = { Stream__Lifetime: '00:03:00', Stream__MaxStreams: '5', OTEL_TRACES_SAMPLER: 'microsoft.rate_limited' }",
        "param perInstanceConcurrency = 250",
        "param instanceMemoryMB = 512",
        "param maximumInstanceCount = 7",
        "param alwaysReadyInstances = 2",
        "param storageSku = 'Standard_ZRS'",
        "param logRetentionDays = 90",
        "param dailyQuotaGb = 12",
        "param logRowsPerSecond = 40",
        "param sampledSpans = '0.25'",
        "param previousSigningKeyVersion = '0123456789abcdef0123456789abcdef'")));

    private readonly JsonObject prediction;

    private Deployment(JsonObject prediction) => this.prediction = prediction;

    public IReadOnlyList<JsonObject> Resources => [.. prediction["predictedResources"]!.AsArray().Select(resource => resource!.AsObject())];

    public JsonObject Outputs => prediction["outputs"]!.AsObject();

    public JsonObject Site => The(FunctionApp);

    /// <summary>The app settings, with what Azure would put for its expressions.</summary>
    public IReadOnlyDictionary<string, string> AppSettings => Site["properties"]!["siteConfig"]!["appSettings"]!.AsArray()
        .ToDictionary(setting => (string)setting!["name"]!, setting => ArmExpression.Evaluate((string)setting!["value"]!), StringComparer.Ordinal);

    /// <summary>With the parameters of main.bicepparam.</summary>
    public static Task<Deployment> WithMainParametersAsync() => OfMainParameters.Value;

    /// <summary>With another value for each parameter.</summary>
    public static Task<Deployment> WithOtherParametersAsync() => OfOtherParameters.Value;

    /// <summary>What the compiler says, and its prediction as JSON, null when it refuses.</summary>
    /// <param name="parameters">Lines of a .bicepparam, such as "param corsOrigins = ['https://a.example']".</param>
    public static async Task<(BicepResult Result, string? Snapshot)> PredictAsync(params string[] parameters)
    {
        var folder = ScratchCopy();
        await File.WriteAllLinesAsync(Path.Combine(folder, "test.bicepparam"), ["using './main.bicep'", .. parameters]);
        return await SnapshotAsync(folder, "test.bicepparam");
    }

    public static Deployment Read((BicepResult Result, string? Snapshot) prediction)
    {
        Assert.True(prediction.Result.ExitCode == 0, prediction.Result.Diagnostics);
        return new Deployment(JsonNode.Parse(prediction.Snapshot!)!.AsObject());
    }

    /// <summary>The one resource of a type.</summary>
    public JsonObject The(string type) => Assert.Single(OfType(type));

    public IReadOnlyList<JsonObject> OfType(string type) => [.. Resources.Where(resource => (string)resource["type"]! == type)];

    private static async Task<(BicepResult Result, string? Snapshot)> SnapshotAsync(string folder, string parameterFile)
    {
        var result = await Bicep.RunAsync(
            folder, "snapshot", parameterFile, "--resource-group", "rg", "--location", "westeurope", "--subscription-id", $"{Guid.Empty}", "--tenant-id", $"{Guid.Empty}");
        var snapshot = Path.Combine(folder, Path.ChangeExtension(parameterFile, ".snapshot.json"));
        var text = File.Exists(snapshot) ? await File.ReadAllTextAsync(snapshot) : null;
        Directory.Delete(Path.GetDirectoryName(folder)!, recursive: true);
        return (result, text);
    }

    /// <summary>A copy of infra/ and of what it reads, since the compiler writes beside the parameters.</summary>
    private static string ScratchCopy()
    {
        var root = Directory.CreateTempSubdirectory("sse-infra-").FullName;
        var folder = Directory.CreateDirectory(Path.Combine(root, "infra")).FullName;
        File.Copy(Path.Combine(Repository.Root, "host.json"), Path.Combine(root, "host.json"));
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "infra"), "*.bicep*"))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));

        return folder;
    }
}
