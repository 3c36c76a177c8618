using System.Text.Json;
using SseFunctions.Tests.Infrastructure;

namespace SseFunctions.Tests.Docs;

/// <summary>The README has the routes of openapi.json, which others compare with the code.</summary>
public class RouteTableTests
{
    [Fact]
    public void Readme_has_each_route()
    {
        var table = MarkdownPage.Read("README.md").Section("Routes");
        using var description = JsonDocument.Parse(Repository.Read("src", "SseFunctions.Core", "Pages", "openapi.json"));

        var paths = description.RootElement.GetProperty("paths").EnumerateObject().Select(path => path.Name[1..]).ToList();

        var missing = paths.Where(path => !table.Contains($" {path}`", StringComparison.Ordinal) && !table.Contains($" {path}?", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(paths);
        Assert.Empty(missing);
    }
}
