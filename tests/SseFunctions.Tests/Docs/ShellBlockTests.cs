using System.Text.RegularExpressions;
using SseFunctions.Tests.Infrastructure;

namespace SseFunctions.Tests.Docs;

/// <summary>No shell block of a page is without a test: it is a <c>console</c> block, which <see cref="ExampleTests"/> runs, or stands here.</summary>
public partial class ShellBlockTests
{
    private const string Subscription = "needs an Azure subscription";

    /// <summary>Blocks by page and how they begin, with the tests that run the same commands; what a comment says may change.</summary>
    private static readonly (string Page, string Line, string[] Tests)[] RunElsewhere =
    [
        ("README.md", "dotnet run --project src/SseFunctions.Local\ndotnet test", ["StartTests"]), // .ci/run runs the second
        ("README.md", "dotnet run --project src/SseFunctions.Local '--Access:AnonymousTopics=clock,runtime,demo*'", ["ExampleTests"]), // starts with that setting
        ("README.md", "dotnet pack --output ~/packages\ndotnet nuget add source ~/packages --name sse-packages\ndotnet new install ~/packages/SseFunctions.Templates.*.nupkg", ["PackageTests", "GuestAppTests", "TemplateTests"]),
        ("docs/api.md", "dotnet run --project src/SseFunctions.Local '--Access:AnonymousTopics=news,orders'", ["ExampleTests"]), // likewise
        ("docs/contributing.md", "dotnet build", ["ShellBlockTests"]), // is built and run by it
        ("docs/contributing.md", "cp local.settings.sample.json local.settings.json", ["FuncTests"]), // where func is installed
        ("docs/performance.md", "SSE_THOROUGH=1 dotnet test tests/SseFunctions.EndToEnd --filter FullyQualifiedName~OverloadTests", ["OverloadTests"]),
    ];

    /// <summary>Blocks that cannot run here, with the reason.</summary>
    private static readonly (string Page, string Line, string Reason)[] NotHere =
    [
        ("docs/deploy.md", "azd auth login", Subscription),
        ("docs/deploy.md", "az login", Subscription),
        ("docs/deploy.md", "az rest --method post", Subscription),
        ("docs/deploy.md", "KEY=$(az functionapp keys list", Subscription),
        ("docs/deploy.md", "az role assignment create", Subscription),
        ("docs/deploy.md", "OLD=$(az keyvault secret show", Subscription),
        ("docs/deploy.md", "azd down --purge", Subscription),
        ("docs/deploy.md", "LOCATION=$(az keyvault show", Subscription),
    ];

    public static TheoryData<string> Pages => [.. MarkdownPage.All.Select(page => page.Path)];

    /// <summary>What the pages show besides shell.</summary>
    private static readonly string[] OtherLanguages = ["console", "csharp", "html", "ini", "js", "json", "kusto", "text"];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_shell_block_is_run_or_named(string path)
    {
        var named = RunElsewhere.Select(block => (block.Page, block.Line)).Concat(NotHere.Select(block => (block.Page, block.Line)))
            .Where(block => block.Page == path.Replace('\\', '/')).Select(block => block.Line).ToList();
        var shown = MarkdownPage.Read(path).Code("sh").Select(block => Comment().Replace(block, "")).ToList();

        Assert.Equal(named.Count, shown.Count);
        Assert.All(shown, (block, i) => Assert.StartsWith(named[i], block, StringComparison.Ordinal));
    }

    /// <summary>So that none escapes under another name.</summary>
    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_block_has_a_language_of_which_the_tests_know(string path) =>
        Assert.Empty(MarkdownPage.Read(path).Languages.Except([.. OtherLanguages, "sh"]));

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_project_and_test_that_a_command_names_is_there(string path)
    {
        var text = MarkdownPage.Read(path).Text;

        Assert.All(Project().Matches(text), match => Assert.True(Directory.Exists(Path.Combine(Repository.Root, match.Groups["path"].Value)), match.Value));
        Assert.All(Filter().Matches(text), match => Assert.Contains(match.Groups["name"].Value, Repository.TestClasses));
    }

    [Fact]
    public void Every_test_that_runs_a_block_is_there() => Assert.All(RunElsewhere.SelectMany(block => block.Tests), test => Assert.Contains(test, Repository.TestClasses));

    [GeneratedRegex("(?:--project|dotnet (?:test|build|publish)|--prefix|cd) (?<path>(?:src|tests)/[A-Za-z.]+)")]
    private static partial Regex Project();

    [GeneratedRegex(" +# .*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex("FullyQualifiedName~(?<name>[A-Za-z]+)")]
    private static partial Regex Filter();
}
