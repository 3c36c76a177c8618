using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Infrastructure;

/// <summary>The templates as the compiler sees them, and what the compiled one must not have.</summary>
public partial class TemplateTests
{
    private const string SigningKey = "signingKey";

    /// <summary>main.bicepparam and, with it, main.bicep.</summary>
    private static readonly Lazy<Task<BicepResult>> Compiled = new(() =>
        Bicep.RunAsync(Path.Combine(Repository.Root, "infra"), "build-params", "main.bicepparam", "--stdout"));

    /// <summary>So that a name in quotes is found as it is.</summary>
    private static readonly JsonSerializerOptions Unescaped = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string[] Wrong =
    [
        "perInstanceConcurrency = 1001",
        "maximumInstanceCount = 0",
        "alwaysReadyInstances = -1",
        "instanceMemoryMB = 1024",
        "logRetentionDays = 7",
        "dailyQuotaGb = 0",
        "logRowsPerSecond = 1001",
    ];

    /// <summary>All of them at once: the compiler reports each at its line, and takes seconds to start.</summary>
    private static readonly Lazy<Task<(BicepResult Result, string? Snapshot)>> Refused = new(() =>
        Deployment.PredictAsync([.. Wrong.Select(parameter => $"param {parameter}")]));

    public static TheoryData<string> WrongNumbers => [.. Wrong];

    /// <summary>Compiling lints both files.</summary>
    [SkippableFact]
    public async Task Compiler_and_linter_have_nothing_to_say()
    {
        var result = await Compiled.Value;

        Assert.Equal("", result.Diagnostics);
        Assert.Equal(0, result.ExitCode);
    }

    [SkippableFact]
    public async Task Template_and_parameters_ask_for_no_key_and_hold_no_secret()
    {
        var compiled = JsonNode.Parse((await Compiled.Value).Output)!;

        foreach (var part in (string[])["templateJson", "parametersJson"])
        {
            var text = JsonNode.Parse((string)compiled[part]!)!.ToJsonString(Unescaped);
            Assert.DoesNotMatch(KeyFunction(), text);
            Assert.DoesNotMatch(Secret(), text);
        }
    }

    [SkippableFact]
    public async Task Parameters_all_say_what_they_are()
    {
        var template = await CompileAsync();

        Assert.All(template["parameters"]!.AsObject(), parameter => Assert.NotEmpty((string)parameter.Value!["metadata"]!["description"]!));
    }

    /// <summary>The template says so before the platform does.</summary>
    [SkippableTheory]
    [MemberData(nameof(WrongNumbers))]
    public async Task Numbers_that_the_platform_has_not_are_refused(string parameter)
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.SeldomOnlyInFull);
        var (result, snapshot) = await Refused.Value;

        Assert.NotEqual(0, result.ExitCode);
        var place = $"({Array.IndexOf(Wrong, parameter) + 2},"; // its line: the first names the template
        var error = Assert.Single(result.Diagnostics.Split('\n'), line => line.Contains(place, StringComparison.Ordinal));
        Assert.Contains(" Error ", error, StringComparison.Ordinal);
        Assert.Contains(parameter.Split(' ')[^1], error, StringComparison.Ordinal);
        Assert.Null(snapshot);
    }

    /// <summary>The host reads storage and the vault as it starts, and is refused where it has no role yet.</summary>
    [SkippableFact]
    public async Task Function_app_waits_for_its_storage_its_key_and_its_roles()
    {
        var resources = (await CompileAsync())["resources"]!.AsObject();

        var awaited = resources["functionApp"]!["dependsOn"]!.AsArray().Select(name => (string)name!).ToHashSet();

        var needed = resources
            .Where(resource => (string)resource.Value!["type"]! is "Microsoft.Authorization/roleAssignments" or "Microsoft.KeyVault/vaults/secrets"
                or "Microsoft.Storage/storageAccounts/blobServices/containers" or "Microsoft.Storage/storageAccounts/tableServices/tables")
            .Select(resource => resource.Key);
        Assert.Equal([], needed.Except(awaited));
    }

    /// <summary>122 random bits a GUID: newGuid() is allowed as a parameter's default only, and drawn by the platform.</summary>
    [SkippableFact]
    public async Task Signing_key_is_drawn_once_and_never_shown()
    {
        var template = await CompileAsync();

        var secret = template["resources"]![SigningKey]!.AsObject();
        Assert.NotNull(secret["@options"]?["onlyIfNotExists"]);
        var value = (string)secret["properties"]!["value"]!;
        Assert.Matches(SecureParts(), value);
        var parts = ParameterName().Matches(value).Select(match => match.Groups["name"].Value).ToList();
        Assert.Equal(2, parts.Distinct().Count());
        Assert.All(parts, part =>
        {
            var parameter = template["parameters"]![part]!;
            Assert.Equal("securestring", (string)parameter["type"]!);
            Assert.Equal("[newGuid()]", (string)parameter["defaultValue"]!);
            var elsewhere = template.DeepClone().AsObject();
            elsewhere["resources"]![SigningKey]!["properties"]!.AsObject().Remove("value");
            Assert.DoesNotContain($"parameters('{part}')", elsewhere.ToJsonString(Unescaped), StringComparison.Ordinal);
        });
    }

    private static async Task<JsonObject> CompileAsync() =>
        JsonNode.Parse((string)JsonNode.Parse((await Compiled.Value).Output)!["templateJson"]!)!.AsObject();

    [GeneratedRegex(@"\blist[A-Z]\w*\(")]
    private static partial Regex KeyFunction();

    /// <summary>Keys of connection strings, shared access signatures, and base64 as long as a storage account's key.</summary>
    [GeneratedRegex(@"AccountKey|SharedAccess|\bsig=|[Pp]assword|[A-Za-z0-9+/]{86}==")]
    private static partial Regex Secret();

    [GeneratedRegex(@"\A\[format\('(\{\d\})+'(, parameters\('\w+'\))+\)\]\z")]
    private static partial Regex SecureParts();

    [GeneratedRegex(@"parameters\('(?<name>\w+)'\)")]
    private static partial Regex ParameterName();
}
