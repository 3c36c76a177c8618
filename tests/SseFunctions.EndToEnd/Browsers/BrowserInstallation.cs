using System.Diagnostics;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>Finds a browser, and installs Debian's or Ubuntu's where that needs no asking: as root, such as in a container.</summary>
internal static class BrowserInstallation
{
    private const string AptGet = "/usr/bin/apt-get";

    private static readonly Lock Gate = new();

    /// <summary>The first of the programs that is there.</summary>
    /// <param name="programs">Names to look for on the PATH.</param>
    /// <param name="packages">What brings one of them where none is there.</param>
    /// <returns>Its path; null where there is none and none can be installed.</returns>
    public static string? Find(string[] programs, params string[] packages)
    {
        lock (Gate)
            return Find(programs) ?? (TryInstall(packages) ? Find(programs) : null);
    }

    /// <summary>Why a test that needs the browser is skipped.</summary>
    public static string Absence(string browser, IEnumerable<string> programs) =>
        $"None of {string.Join(", ", programs)} is on the PATH, and this machine gives no way to install {browser} (root and apt-get).";

    private static string? Find(string[] programs) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator)
        .Prepend("/usr/bin")
        .SelectMany(folder => programs.Select(program => Path.Combine(folder, program)))
        .FirstOrDefault(File.Exists);

    private static bool TryInstall(string[] packages)
    {
        if (!Environment.IsPrivilegedProcess || !File.Exists(AptGet))
            return false;

        Console.WriteLine($"Installing {string.Join(", ", packages)} for the browser tests, once; this takes a minute or two ...");
        return Run("update") && Run(["install", "--yes", "--no-install-recommends", .. packages]);
    }

    private static bool Run(params string[] arguments)
    {
        var start = new ProcessStartInfo(AptGet, arguments) { RedirectStandardOutput = true };
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        using var process = Process.Start(start)!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
