using System.Text.RegularExpressions;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Docs;

/// <summary>What the pages show on a console is what happens: each command runs against a fresh host, in the order of the page.</summary>
public partial class ExampleTests
{
    /// <summary>Any number of lines in an answer, or its going on.</summary>
    private const string AnyLines = "...";

    public static TheoryData<string> Pages => [.. MarkdownPage.All.Where(page => page.Code("console").Any()).Select(page => page.Path)];

    [SkippableTheory]
    [MemberData(nameof(Pages))]
    public async Task Commands_answer_what_a_page_shows(string path)
    {
        Skip.If(OperatingSystem.IsWindows(), "The examples are for a POSIX shell.");
        var page = MarkdownPage.Read(path);
        await using var host = await TestHost.StartAsync(["Access:SigningKey=0123456789abcdef0123456789abcdef", .. HostSettings(page)]);
        using var shell = new ExampleShell(host.BaseAddress);

        foreach (var (command, answer) in page.Code("console").SelectMany(Commands))
        {
            var lines = await RunAsync();
            using var guard = new CancellationTokenSource(SseStream.Timeout);
            while (IsEndOfTopic(command, answer) && lines is ["200"] && !guard.IsCancellationRequested)
                lines = await RunAsync();

            Assert.True(Matches(answer, lines), $"{command}\nshows\n{string.Join('\n', answer)}\nbut answered\n{string.Join('\n', lines)}");

            Task<IReadOnlyList<string>> RunAsync() => shell.RunAsync(command, lines => answer is [.., AnyLines] && Matches(answer, lines));
        }
    }

    [Theory]
    [InlineData("a ... d", "a b c d", true)]
    [InlineData("a ... d", "a b c", false)]
    [InlineData("a ...", "a b c", true)]
    [InlineData("a b", "a b c", false)]
    [InlineData("a ... b ...", "a b c b d", true)]
    [InlineData("retry:_1 p5cdku-5", "retry:_1213 abcdef-5", true)]
    [InlineData("p5cdku-5", "abcdef-6", false)]
    public void Answers_match_but_for_what_differs_from_run_to_run(string shown, string given, bool isMatch) =>
        Assert.Equal(isMatch, Matches(Lines(shown), Lines(given)));

    private static List<string> Lines(string text) => [.. text.Split(' ').Select(line => line.Replace('_', ' '))];

    /// <summary>A complete topic whose head storage does not give within 200 ms is answered with a stream, which ends, and with 204 once it is known.</summary>
    private static bool IsEndOfTopic(string command, IReadOnlyList<string> answer) => answer is ["204"] && !command.Contains(" -X ", StringComparison.Ordinal);

    /// <summary>What the page itself starts the local host with.</summary>
    private static IEnumerable<string> HostSettings(MarkdownPage page) => HostSetting().Matches(page.Text).Select(match => match.Groups["setting"].Value);

    /// <summary>A command is a line after <c>$ </c>; its answer goes up to the next one.</summary>
    private static IEnumerable<(string Command, List<string> Answer)> Commands(string block)
    {
        var commands = new List<(string Command, List<string> Answer)>();
        foreach (var line in block.Split('\n'))
        {
            if (line.StartsWith("$ ", StringComparison.Ordinal))
                commands.Add((line[2..], []));
            else
                commands[^1].Answer.Add(line);
        }

        return commands;
    }

    private static bool Matches(IReadOnlyList<string> shown, IReadOnlyList<string> given)
    {
        var pattern = string.Concat(shown.Select(line => line == AnyLines ? "([^\n]*\n)*?" : Regex.Escape(Masked(line)) + "\n"));
        return Regex.IsMatch(string.Concat(given.Select(line => Masked(line) + "\n")), $@"\A{pattern}\z");
    }

    private static string Masked(string line) => Volatile().Replace(line, match => match.Groups.Values.Skip(1).First(group => group.Success).Name);

    [GeneratedRegex("^dotnet run --project src/SseFunctions[.]Local '--(?<setting>[^']+)'$", RegexOptions.Multiline)]
    private static partial Regex HostSetting();

    [GeneratedRegex(@"(?<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z)|(?<token>eyJ[\w.-]+)|(?<epoch>\b[0-9a-z]{6}(?=-[0-9a-z]+\b))|(?<retry>(?<=^retry: )[0-9]+)|(?<streams>(?<=""streams"":)[0-9]+)|(?<run>(?<=demo-run-)[0-9a-f]+)")]
    private static partial Regex Volatile();
}
