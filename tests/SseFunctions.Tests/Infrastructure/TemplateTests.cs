using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

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

    /// <summary>Compiling lints both files.</summary>
    [SkippableFact]
    public async Task Compiler_and_linter_have_nothing_to_say()
    {
        var result = await Compiled.Value;

        Assert.Equal("", result.Diagnostics);
        Assert.Equal(0, result.ExitCode);
    }

    [SkippableFact]
    public async Task Template_asks_for_no_key_and_holds_no_secret()
    {
        var template = await CompileAsync();

        var text = template.ToJsonString(Unescaped);
        Assert.DoesNotMatch(KeyFunction(), text);
        Assert.DoesNotMatch(Secret(), text);
    }

    [SkippableFact]
    public async Task Parameters_all_say_what_they_are()
    {
        var template = await CompileAsync();

        Assert.All(template["parameters"]!.AsObject(), parameter => Assert.NotEmpty((string)parameter.Value!["metadata"]!["description"]!));
    }

    /// <summary>The template says so before the platform does.</summary>
    [SkippableTheory]
    [InlineData("perInstanceConcurrency", 1, 1000)]
    [InlineData("maximumInstanceCount", 1, 1000)]
    [InlineData("alwaysReadyInstances", 0, 1000)]
    [InlineData("logRetentionDays", 30, 730)]
    public async Task Numbers_are_in_the_range_of_the_platform(string name, int least, int most)
    {
        var parameter = (await CompileAsync())["parameters"]![name]!;

        Assert.Equal((least, most), ((int)parameter["minValue"]!, (int)parameter["maxValue"]!));
    }

    [SkippableFact]
    public async Task Memory_is_a_size_that_the_platform_has() =>
        Assert.Equal([512, 2048, 4096], (await CompileAsync())["parameters"]!["instanceMemoryMB"]!["allowedValues"]!.AsArray().Select(size => (int)size!));

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
