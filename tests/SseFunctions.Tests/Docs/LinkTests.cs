using SseFunctions.Tests.Infrastructure;

namespace SseFunctions.Tests.Docs;

/// <summary>Where the README and docs/ point to is there.</summary>
public class LinkTests
{
    private const int MaxReadmeLines = 180;

    public static TheoryData<string> Pages => [.. MarkdownPage.All.Select(page => page.Path)];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_file_and_every_heading_that_a_page_links_to_is_there(string path)
    {
        var missing = MarkdownPage.Read(path).Links.Where(link => !link.Contains("://", StringComparison.Ordinal) && !IsThere(path, link));

        Assert.Empty(missing);
    }

    [Fact]
    public void Readme_links_to_every_page() => Assert.Empty(
        MarkdownPage.All.Select(page => page.Path.Replace('\\', '/')).Where(path => path != "README.md").Except(MarkdownPage.Read("README.md").Links.Select(link => link.Split('#')[0])));

    [Fact]
    public void Readme_is_short() => Assert.InRange(MarkdownPage.Read("README.md").Text.Split('\n').Length, 1, MaxReadmeLines);

    private static bool IsThere(string page, string link)
    {
        var (file, anchor) = link.Split('#') is [var before, var after] ? (before, after) : (link, null);
        var target = file.Length == 0 ? page : Path.GetRelativePath(Repository.Root, Path.Combine(Repository.Root, Path.GetDirectoryName(page)!, file));
        var full = Path.Combine(Repository.Root, target);
        return File.Exists(full) || Directory.Exists(full)
            ? anchor is null || MarkdownPage.Read(target).Anchors.Contains(anchor)
            : false;
    }
}
