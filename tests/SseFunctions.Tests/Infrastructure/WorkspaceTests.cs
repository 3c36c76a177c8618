using System.Text.Json;
using System.Text.RegularExpressions;

namespace SseFunctions.Tests.Infrastructure;

/// <summary>What Visual Studio Code and a dev container start is there.</summary>
public partial class WorkspaceTests
{
    public static TheoryData<string> Files =>
    [
        .. ((string[])[".vscode", ".devcontainer"]).SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.json"))
            .Select(file => Path.GetRelativePath(Repository.Root, file)).Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_path_that_a_file_names_is_there(string file)
    {
        using var json = JsonDocument.Parse(Repository.Read(file));

        Assert.All(Texts(json.RootElement).SelectMany(text => SourcePath().Matches(text)), path => Assert.True(Exists(path.Value), path.Value));
    }

    /// <summary>A project's output is named after it.</summary>
    [Fact]
    public void Every_program_that_a_launch_starts_is_a_projects_and_every_task_is_there()
    {
        using var launch = JsonDocument.Parse(Repository.Read(".vscode", "launch.json"));
        using var tasks = JsonDocument.Parse(Repository.Read(".vscode", "tasks.json"));

        var programs = Named(launch, "program").Select(program => Output().Match(program)).ToList();
        Assert.NotEmpty(programs);
        Assert.All(programs, program => Assert.True(Exists($"src/{program.Groups["project"]}/{program.Groups["project"]}.csproj"), program.Value));
        Assert.Empty(Named(launch, "preLaunchTask").Concat(Named(tasks, "dependsOn")).Except(Named(tasks, "label")));
    }

    private static bool Exists(string path) => Path.Exists(Path.Combine(Repository.Root, path));

    /// <summary>The texts of all members of a name, and of lists of them.</summary>
    private static IEnumerable<string> Named(JsonDocument json, string name) =>
        json.RootElement.EnumerateObject().Where(member => member.Value.ValueKind == JsonValueKind.Array)
            .SelectMany(member => member.Value.EnumerateArray())
            .SelectMany(item => item.EnumerateObject()).Where(member => member.Name == name).SelectMany(member => Texts(member.Value));

    private static IEnumerable<string> Texts(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => Texts(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Texts),
        JsonValueKind.String => [element.GetString()!],
        _ => [],
    };

    [GeneratedRegex(@"\b(?:src|tests)/[A-Za-z./]*[A-Za-z]|[A-Za-z]+\.sln\b")]
    private static partial Regex SourcePath();

    [GeneratedRegex(@"^\$\{workspaceFolder\}/artifacts/bin/(?<project>[A-Za-z.]+)/debug/\k<project>\.dll$")]
    private static partial Regex Output();
}
