namespace SseFunctions.EndToEnd.Packages;

/// <summary>Runs the dotnet command to its end.</summary>
internal static class DotNet
{
    /// <summary>A build restores and compiles on a machine that does other things too.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(10);

    /// <returns>What it has written, line by line.</returns>
    public static async Task<IReadOnlyList<string>> RunAsync(string folder, params string[] arguments)
    {
        // Nodes and compilers that stay would outlive the tests.
        await using var process = WatchedProcess.Start("dotnet", arguments, folder, new Dictionary<string, string>
        {
            ["MSBUILDDISABLENODEREUSE"] = "1",
            ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
            ["DOTNET_NOLOGO"] = "1",
        });
        var exitCode = await process.ExitAsync(Timeout);
        Assert.True(exitCode == 0, $"dotnet {string.Join(' ', arguments)} ended with exit code {exitCode}.\n{process.Output}");
        return process.Output.Split('\n');
    }
}
