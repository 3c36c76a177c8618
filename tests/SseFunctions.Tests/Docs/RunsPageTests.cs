using SseFunctions.Tests.Infrastructure;

namespace SseFunctions.Tests.Docs;

/// <summary>The code that docs/runs.md shows is what other tests run.</summary>
public class RunsPageTests
{
    [Theory]
    [InlineData("csharp", 2)]
    [InlineData("html", 1)]
    [InlineData("js", 1)]
    public void Code_on_the_page_is_the_code_of_the_samples(string language, int count)
    {
        string[] sources =
        [
            .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests", "SseFunctions.Samples")).Where(file => !file.EndsWith(".csproj", StringComparison.Ordinal)),
            Path.Combine(Repository.Root, "tests", "SseFunctions.EndToEnd", "node", "run-transport.mjs"),
        ];
        var texts = sources.Select(file => File.ReadAllText(file).ReplaceLineEndings("\n")).ToList();

        var blocks = MarkdownPage.Read("docs/runs.md").Code(language).ToList();

        Assert.Equal(count, blocks.Count);
        Assert.All(blocks, block => Assert.Contains(texts, text => text.Contains(block, StringComparison.Ordinal)));
    }
}
