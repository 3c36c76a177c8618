using System.Text.RegularExpressions;
using SseFunctions.Tests.Infrastructure;

namespace SseFunctions.Tests.Docs;

/// <summary>docs/operations.md says what each line of the log means.</summary>
public partial class LogLineTableTests
{
    [Fact]
    public void Table_has_the_beginning_of_each_log_line_and_no_other()
    {
        var messages = Directory.EnumerateDirectories(Path.Combine(Repository.Root, "src"))
            .SelectMany(project => Directory.EnumerateFiles(project, "*.cs").Concat(Directory.EnumerateDirectories(project).SelectMany(folder => Directory.EnumerateFiles(folder, "*.cs"))))
            .SelectMany(file => Message().Matches(File.ReadAllText(file)))
            .Select(match => Placeholder().Replace(match.Groups["text"].Value, "…"))
            .ToList();
        var lines = Repository.Read("docs", "operations.md").ReplaceLineEndings("\n").Split("\n## Log lines\n")[1].Split("\n## ")[0]
            .Split('\n').Where(row => row.StartsWith("| ", StringComparison.Ordinal))
            .SelectMany(row => Line().Matches(row.Split('|')[1])).Select(match => match.Groups["text"].Value)
            .ToList();

        Assert.NotEmpty(messages);
        Assert.All(messages, message => Assert.Contains(lines, line => message.StartsWith(line, StringComparison.Ordinal)));
        Assert.All(lines, line => Assert.Contains(messages, message => message.StartsWith(line, StringComparison.Ordinal)));
    }

    [GeneratedRegex(@"\[LoggerMessage\(.*Message = ""(?<text>[^""]*)""")]
    private static partial Regex Message();

    [GeneratedRegex(@"\{[A-Za-z]+\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex("`(?<text>[^`]+)`")]
    private static partial Regex Line();
}
