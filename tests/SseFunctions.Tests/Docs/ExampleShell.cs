using System.Diagnostics;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Docs;

/// <summary>Runs a page's commands one after the other: what one sets, the next has.</summary>
internal sealed class ExampleShell(Uri api) : IDisposable
{
    /// <summary>Where the pages' local host is.</summary>
    private const string Address = "localhost:7071";

    /// <summary>Goes on with the last command's variables, and leaves them to the next.</summary>
    private const string Script = """set -a -o pipefail; . "$VARIABLES"; trap 'export -p > "$VARIABLES"' EXIT; """;

    private readonly string variables = Path.GetTempFileName();

    /// <param name="command">A command of a page.</param>
    /// <param name="isEnough">Whether these lines are all that it is to write: then it is ended.</param>
    /// <returns>The lines that it wrote.</returns>
    public async Task<IReadOnlyList<string>> RunAsync(string command, Func<IReadOnlyList<string>, bool> isEnough)
    {
        using var shell = Process.Start(Start(command))!;
        shell.ErrorDataReceived += (_, _) => { };
        shell.BeginErrorReadLine();
        var lines = new List<string>();
        try
        {
            while (!isEnough(lines) && await shell.StandardOutput.ReadLineAsync().WaitAsync(SseStream.Timeout) is { } line)
                lines.Add(line);
        }
        finally
        {
            shell.Kill(entireProcessTree: true);
        }

        return lines;
    }

    public void Dispose() => File.Delete(variables);

    private ProcessStartInfo Start(string command)
    {
        var start = new ProcessStartInfo("bash", ["-c", Script + command.Replace(Address, api.Authority, StringComparison.Ordinal)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true, // progress
        };
        start.Environment["VARIABLES"] = variables;
        // What docs/deploy.md asks Azure for.
        start.Environment["API"] = api.AbsoluteUri.TrimEnd('/');
        start.Environment["KEY"] = "the local host checks no key";
        return start;
    }
}
