using System.Text.RegularExpressions;

using SseFunctions.Tests.Infrastructure;

namespace SseFunctions.Tests.Docs;

/// <summary>docs/design.md names files and tests that are there.</summary>
public partial class DesignTests
{
    private static readonly string Design = Repository.Read("docs", "design.md");

    [Fact]
    public void Every_test_that_the_document_names_is_there() => Assert.Empty(Named(TestClass(), "name").Except(Repository.TestClasses));

    [Fact]
    public void Every_file_that_the_document_names_is_there() => Assert.All(
        Named(SourceFile(), "path"),
        path => Assert.True(File.Exists(Path.Combine(Repository.Root, "src", "SseFunctions.Core", path!)), path));

    [Fact]
    public void Every_promise_names_a_test() =>
        Assert.Equal(Enumerable.Range(1, 10).Select(number => $"{number}"), Named(Promise(), "number"));

    private static List<string?> Named(Regex pattern, string group)
    {
        var names = pattern.Matches(Design).Select(match => (string?)match.Groups[group].Value).Distinct().ToList();
        Assert.NotEmpty(names);
        return names;
    }

    [GeneratedRegex("`(?<name>[A-Za-z]+Tests)`")]
    private static partial Regex TestClass();

    [GeneratedRegex("`(?<path>[A-Za-z]+/[A-Za-z]+[.]cs)`")]
    private static partial Regex SourceFile();

    [GeneratedRegex("^[|] (?<number>[0-9]+) [|].*[|].*`[A-Za-z]+Tests`", RegexOptions.Multiline)]
    private static partial Regex Promise();
}
