using System.IO.Compression;
using System.Xml.Linq;

namespace SseFunctions.EndToEnd.Packages;

/// <summary>What is in the packages.</summary>
[Collection(PackageCollection.Name)]
public sealed class PackageTests(PackageFeed feed)
{
    [SkippableTheory]
    [InlineData("SseFunctions.Core", "SseFunctions.Core")]
    [InlineData("SseFunctions", "SseFunctions.Triggers")]
    public void Library_has_its_documentation_its_readme_and_its_symbols(string package, string assembly)
    {
        PackageFeed.SkipInBrief();
        using var file = ZipFile.OpenRead(feed.FileOf(package));
        using var symbols = ZipFile.OpenRead(feed.FileOf(package, "snupkg"));
        var names = file.Entries.Select(entry => entry.FullName).ToList();

        foreach (var expected in (string[])[$"lib/net10.0/{assembly}.dll", $"lib/net10.0/{assembly}.xml", "README.md"])
            Assert.Contains(expected, names);

        Assert.Contains(symbols.Entries, entry => entry.FullName == $"lib/net10.0/{assembly}.pdb");
        Assert.DoesNotContain(names, name => name.Contains("local.settings", StringComparison.Ordinal) || name.EndsWith("host.json", StringComparison.Ordinal));
    }

    /// <summary>It uses what is internal to Core, and so needs that very version.</summary>
    [SkippableFact]
    public void Functions_need_the_core_of_their_own_version()
    {
        PackageFeed.SkipInBrief();
        using var file = ZipFile.OpenRead(feed.FileOf("SseFunctions"));
        using var specification = file.GetEntry("SseFunctions.nuspec")!.Open();

        var core = XDocument.Load(specification).Descendants().Single(element => element.Name.LocalName == "dependency" && (string?)element.Attribute("id") == "SseFunctions.Core");

        Assert.Equal($"[{feed.Version}]", (string?)core.Attribute("version"));
    }
}
