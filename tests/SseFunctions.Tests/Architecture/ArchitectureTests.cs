using SseFunctions.Tests.Infrastructure;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Architecture;

/// <summary>
/// Who knows whom: arrows run one way, from the hosts to Api and from folder to folder of Core, and files do not stand in circles.
/// </summary>
public class ArchitectureTests
{
    private const int MaxLines = 250;
    private const int UsualLines = 100;
    private const double UsualShare = 0.75;

    /// <summary>The only project with folders; the hosts are one each.</summary>
    private const string Core = "SseFunctions.Core";

    /// <summary>What each folder of Core, and each host, may know.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["SseFunctions"] = ["SseFunctions.Triggers", "Api"],
        ["SseFunctions.Templates"] = ["SseFunctions.Triggers", "Api", "Publishing"],
        ["SseFunctions.Triggers"] = ["Api", "Publishing", "EventLog"],
        ["SseFunctions.Local"] = ["Api", "Streaming", "Publishing", "Access", "EventLog", "Configuration"],
        ["Api"] = ["Streaming", "Publishing", "Access", "Pages", "Kestrel", "EventLog", "Configuration"],
        ["Streaming"] = ["EventLog", "Configuration"],
        ["Publishing"] = ["EventLog", "Configuration"],
        ["Access"] = ["EventLog", "Configuration"],
        ["Pages"] = [],
        ["EventLog"] = ["Configuration"],
        ["Kestrel"] = [],
        ["Configuration"] = [],
    };

    private static readonly Lazy<SourceFiles> Source = new(() => Read(AllFiles()));

    [SkippableFact]
    public void Folders_know_only_the_folders_below_them()
    {
        var source = Source.Value;

        foreach (var host in (string[])["SseFunctions.Triggers", "SseFunctions.Local"])
            Assert.Contains(source.Arrows, arrow => Folder(arrow.From) == host && Folder(arrow.To) == "Api"); // the hosts are among them

        AssertNone(ForbiddenArrows(source));
    }

    [Fact]
    public void Every_folder_has_its_place() =>
        AssertNone(AllFiles().Select(file => Folder(file.Path)).Distinct().Except(Allowed.Keys));

    [SkippableFact]
    public void No_circle_has_more_than_two_files() => AssertNone(Circles(Source.Value));

    [Fact]
    public void No_file_is_too_long() => AssertNone(
        AllFiles().Where(file => Lines(file.Text) > MaxLines).Select(file => $"{file.Path}: {Lines(file.Text)} lines; {MaxLines} are allowed"));

    [Fact]
    public void Most_files_are_short()
    {
        var files = AllFiles().ToList();

        var share = files.Count(file => Lines(file.Text) < UsualLines) / (double)files.Count;

        Assert.True(share >= UsualShare, $"{share:P0} of {files.Count} files have less than {UsualLines} lines; {UsualShare:P0} must.");
    }

    /// <summary>The test above is worth as much as what it finds: circles through bodies, constants, base types and generic arguments.</summary>
    [SkippableFact]
    public void Circle_of_three_files_is_found_and_one_of_two_allowed()
    {
        var files = Read(
        [
            ("EventLog/A.cs", "namespace N; class A { int One() => B.Size; }"),
            ("EventLog/B.cs", "namespace N; class B { public const int Size = 1; List<C> all = []; }"),
            ("EventLog/C.cs", "namespace N; class C : D { }"),
            ("EventLog/D.cs", "namespace N; class D { static async Task RunAsync() { await Task.Yield(); _ = new A(); } }"),
            ("EventLog/E.cs", "namespace N; class E { F? f; }"),
            ("EventLog/F.cs", "namespace N; class F { E? e; A? a; }"),
        ]);

        Assert.Equal(["EventLog/A.cs, EventLog/B.cs, EventLog/C.cs, EventLog/D.cs"], Circles(files));
    }

    [SkippableTheory]
    [InlineData("EventLog", "Streaming", false)]
    [InlineData("Publishing", "Streaming", false)]
    [InlineData("EventLog", "Kestrel", false)]
    [InlineData("Streaming", "Kestrel", false)]
    [InlineData("Kestrel", "Streaming", false)]
    [InlineData("Api", "SseFunctions.Local", false)]
    [InlineData("SseFunctions", "SseFunctions.Local", false)]
    [InlineData("SseFunctions", "Publishing", false)]
    [InlineData("SseFunctions.Triggers", "Api", true)]
    [InlineData("Streaming", "EventLog", true)]
    public void Arrow_between_folders_is_found(string from, string to, bool isAllowed)
    {
        var files = Read([($"{from}/A.cs", "namespace N; class A { B? b; }"), ($"{to}/B.cs", "namespace N; class B { }")]);

        Assert.Equal(isAllowed ? [] : [$"{from}/A.cs knows {to}/B.cs"], ForbiddenArrows(files));
    }

    /// <summary>The compiler takes ten seconds of CPU, most of them to be compiled itself.</summary>
    private static SourceFiles Read(IEnumerable<(string Path, string Text)> files)
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.SeldomOnlyInFull);
        return SourceFiles.Read(files);
    }

    /// <summary>Shows all that is found, each on a line, which Assert.Empty would cut short.</summary>
    private static void AssertNone(IEnumerable<string> found)
    {
        var lines = string.Join('\n', found);
        Assert.True(lines.Length == 0, lines);
    }

    private static IEnumerable<string> ForbiddenArrows(SourceFiles files) => files.Arrows
        .Where(arrow => Folder(arrow.From) != Folder(arrow.To) && !Allowed[Folder(arrow.From)].Contains(Folder(arrow.To)))
        .Select(arrow => $"{arrow.From} knows {arrow.To}")
        .Order();

    private static IEnumerable<string> Circles(SourceFiles files) => files.Circles(allowed: 2).Select(circle => string.Join(", ", circle));

    private static string Folder(string path) => path.Split('/')[0];

    private static int Lines(string text) => text.AsSpan().TrimEnd('\n').Count('\n') + 1;

    /// <summary>The C# files of src.</summary>
    internal static IEnumerable<(string Path, string Text)> AllFiles() =>
        new DirectoryInfo(Path.Combine(Repository.Root, "src")).EnumerateDirectories().SelectMany(project => Files(project.Name));

    /// <summary>A project's C# files: those of Core by their folder, those of a host by its name.</summary>
    private static IEnumerable<(string Path, string Text)> Files(string project)
    {
        var root = Path.Combine(Repository.Root, "src", project == Core ? project : "");
        return Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", project), "*.cs", SearchOption.AllDirectories)
            .Select(file => (Path: Path.GetRelativePath(root, file).Replace('\\', '/'), Text: File.ReadAllText(file)))
            .Where(file => !file.Path.Split('/').Any(part => part is "bin" or "obj" or "node_modules"));
    }
}
