using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;

namespace SseFunctions.Local;

/// <summary>Installs Azurite from the npm lock file, once: the lock file's hash marks what is installed.</summary>
internal static class AzuriteInstallation
{
    public const string NoNode = """
        Azurite, the storage emulator, needs Node.js 20 or later with npm on the PATH: https://nodejs.org
        Or set EventLog__ConnectionString in local.settings.json to a real storage account's connection string.
        """;

    private const string Install = "ci --no-audit --no-fund --loglevel=error";

    private static readonly TimeSpan LockRetry = TimeSpan.FromMilliseconds(200);

    /// <exception cref="LocalHostException">Node is missing, or npm failed.</exception>
    public static async Task EnsureAsync(Action<string> tell, CancellationToken cancellationToken)
    {
        var mark = Path.Combine(Azurite.Folder, "node_modules", await MarkNameAsync(cancellationToken));
        if (File.Exists(mark))
            return;

        await using var held = await HoldLockAsync(cancellationToken);
        if (File.Exists(mark))
            return;

        tell("Installing Azurite from the npm lock file, once; this takes about half a minute ...");
        await RunNpmAsync(cancellationToken);
        await File.WriteAllTextAsync(mark, "", cancellationToken);
        tell("Azurite is installed.");
    }

    private static async Task<string> MarkNameAsync(CancellationToken cancellationToken)
    {
        await using var lockFile = File.OpenRead(Path.Combine(Azurite.Folder, "package-lock.json"));
        return ".installed-" + Convert.ToHexStringLower(await SHA256.HashDataAsync(lockFile, cancellationToken))[..16];
    }

    /// <summary>Two hosts that start at once must not run npm in one folder.</summary>
    private static async Task<FileStream> HoldLockAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.Combine(Azurite.Folder, ".azurite"));
        while (true)
        {
            try
            {
                return new FileStream(Path.Combine(Azurite.Folder, ".azurite", "install.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(LockRetry, cancellationToken);
            }
        }
    }

    private static async Task RunNpmAsync(CancellationToken cancellationToken)
    {
        // npm is a .cmd file on Windows, which only a shell finds.
        var (command, arguments) = OperatingSystem.IsWindows() ? ("cmd.exe", "/c npm " + Install) : ("npm", Install);
        Process npm;
        try
        {
            npm = Process.Start(new ProcessStartInfo(command, arguments) { WorkingDirectory = Azurite.Folder })!;
        }
        catch (Win32Exception)
        {
            throw new LocalHostException(NoNode);
        }

        using (npm)
        {
            await npm.WaitForExitAsync(cancellationToken);
            if (npm.ExitCode != 0)
                throw new LocalHostException($"npm ci in {Azurite.Folder} ended with exit code {npm.ExitCode}.{Environment.NewLine}{NoNode}");
        }
    }
}
