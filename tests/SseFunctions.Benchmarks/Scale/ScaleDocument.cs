using System.Text.RegularExpressions;

namespace SseFunctions.Benchmarks.Scale;

/// <summary>docs/scale.md, whose tables stand between markers, and its picture: written by the model, or held against it.</summary>
internal static partial class ScaleDocument
{
    private const string Path = "docs/scale.md";

    /// <returns>The exit code.</returns>
    public static int Write()
    {
        foreach (var (path, text) in Generated())
        {
            File.WriteAllText(path, text);
            Console.WriteLine(path);
        }

        foreach (var (name, table) in ScaleTables.All)
            Console.WriteLine($"\n{name}\n\n{table}");

        return 0;
    }

    /// <returns>The exit code: 1 when the files are not what the model says.</returns>
    public static int Check()
    {
        var differing = Generated().Where(file => !File.Exists(file.Path) || File.ReadAllText(file.Path).ReplaceLineEndings("\n") != file.Text).ToList();
        foreach (var (path, text) in differing)
        {
            Console.Error.WriteLine($"{path} is not what the model says; `dotnet run -c Release --project tests/SseFunctions.Benchmarks -- scale` writes it.");
            var there = File.Exists(path) ? File.ReadAllLines(path) : [];
            foreach (var line in text.Split('\n').Except(there).Take(5))
                Console.Error.WriteLine($"  missing: {line}");
        }

        return differing.Count > 0 ? 1 : 0;
    }

    private static IEnumerable<(string Path, string Text)> Generated()
    {
        var tables = new Dictionary<string, string>(ScaleTables.All);
        var text = Table().Replace(File.ReadAllText(Path).ReplaceLineEndings("\n"), match =>
            tables.Remove(match.Groups["name"].Value, out var table)
                ? $"{match.Groups["begin"].Value}\n{table}\n{match.Groups["end"].Value}"
                : throw new InvalidDataException($"{Path} has a table '{match.Groups["name"].Value}' that the model does not know, or has it twice."));
        if (tables.Count > 0)
            throw new InvalidDataException($"{Path} lacks the markers of: {string.Join(", ", tables.Keys)}");

        yield return (Path, text);
        yield return (ScalePicture.Path, ScalePicture.Draw().ReplaceLineEndings("\n"));
    }

    [GeneratedRegex("(?<begin><!-- table (?<name>[a-z -]+) -->)\n.*?(?<end><!-- end -->)", RegexOptions.Singleline)]
    private static partial Regex Table();
}
