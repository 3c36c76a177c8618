using System.Diagnostics;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>Installs Debian's or Ubuntu's Chromium where that needs no asking: as root, such as in a container.</summary>
internal static class BrowserInstallation
{
    private const string AptGet = "/usr/bin/apt-get";

    /// <returns>Whether it was installed.</returns>
    public static bool Try()
    {
        if (!Environment.IsPrivilegedProcess || !File.Exists(AptGet))
            return false;

        Console.WriteLine("Installing Chromium for the browser tests, once; this takes a minute or two ...");
        return Run("update") && Run("install", "--yes", "--no-install-recommends", "chromium");
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
