using System.Diagnostics;
using System.Runtime.InteropServices;

namespace SseFunctions.Tests.Infrastructure;

/// <summary>The Bicep compiler, which works without a network.</summary>
internal static class Bicep
{
    /// <summary>For a run that hangs; one takes some seconds of CPU.</summary>
    private static readonly TimeSpan RunTimeout = TimeSpan.FromMinutes(5);

    private static readonly string? Tools = Repository.Metadata("BicepTools");

    private static readonly string? Missing = Tools is null
        ? $"The Bicep compiler is not published for this platform ({RuntimeInformation.RuntimeIdentifier})."
        : null;

    /// <summary>Runs it in a folder; skips the test where there is none.</summary>
    public static async Task<BicepResult> RunAsync(string folder, params string[] arguments)
    {
        Skip.If(Missing is not null, Missing);
        var start = new ProcessStartInfo(Path.Combine(Tools!, OperatingSystem.IsWindows() ? "bicep.exe" : "bicep"), arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Remove("PREVIOUS_SIGNING_KEY_VERSION"); // main.bicepparam reads it
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync().WaitAsync(RunTimeout);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return new BicepResult(process.ExitCode, await output, await errors);
    }
}
