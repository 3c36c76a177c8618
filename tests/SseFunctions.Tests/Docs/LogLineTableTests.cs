using System.Text.RegularExpressions;
using SseFunctions.Tests.Architecture;

namespace SseFunctions.Tests.Docs;

/// <summary>docs/operations.md says what each line of the log means.</summary>
public partial class LogLineTableTests
{
    [Fact]
    public void Table_has_the_beginning_of_each_log_line_and_no_other()
    {
        var messages = ArchitectureTests.AllFiles()
            .SelectMany(file => Message().Matches(file.Text))
            .Select(match => Placeholder().Replace(match.Groups["text"].Value, "…"))
            .ToList();
        var lines = MarkdownPage.Read(Path.Combine("docs", "operations.md")).Section("Log lines")
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
