using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;

namespace SseFunctions.Local;

/// <summary>Installs a folder's npm packages from its lock file, once: the lock file's hash marks what is installed.</summary>
/// <param name="folder">Where package.json and its lock file are.</param>
/// <param name="what">The name of what the packages are.</param>
/// <param name="noNode">What to say where Node.js or npm is missing.</param>
internal sealed class NpmInstallation(string folder, string what, string noNode)
{
    private const string Install = "ci --no-audit --no-fund --loglevel=error";

    private static readonly TimeSpan LockRetry = TimeSpan.FromMilliseconds(200);

    /// <exception cref="LocalHostException">Node is missing, or npm failed.</exception>
    public async Task EnsureAsync(Action<string> report, CancellationToken cancellationToken)
    {
        var mark = Path.Combine(folder, "node_modules", await MarkNameAsync(cancellationToken));
        if (File.Exists(mark))
            return;

        await using var held = await HoldLockAsync(cancellationToken);
        if (File.Exists(mark))
            return;

        report($"Installing {what} from the npm lock file, once; this takes up to half a minute ...");
        await RunNpmAsync(cancellationToken);
        await File.WriteAllTextAsync(mark, "", cancellationToken);
        report($"{what} is installed.");
    }

    private async Task<string> MarkNameAsync(CancellationToken cancellationToken)
    {
        await using var lockFile = File.OpenRead(Path.Combine(folder, "package-lock.json"));
        return ".installed-" + Convert.ToHexStringLower(await SHA256.HashDataAsync(lockFile, cancellationToken))[..16];
    }

    /// <summary>Two hosts that start at once must not run npm in one folder.</summary>
    private async Task<FileStream> HoldLockAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return new FileStream(Path.Combine(folder, ".install.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(LockRetry, cancellationToken);
            }
        }
    }

    private async Task RunNpmAsync(CancellationToken cancellationToken)
    {
        // npm is a .cmd file on Windows, which only a shell finds.
        var (command, arguments) = OperatingSystem.IsWindows() ? ("cmd.exe", "/c npm " + Install) : ("npm", Install);
        Process npm;
        try
        {
            npm = Process.Start(new ProcessStartInfo(command, arguments) { WorkingDirectory = folder })!;
        }
        catch (Win32Exception)
        {
            throw new LocalHostException(noNode);
        }

        using (npm)
        {
            try
            {
                await npm.WaitForExitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                npm.Kill(entireProcessTree: true);
                await npm.WaitForExitAsync(CancellationToken.None); // the lock must outlive it
                throw;
            }

            if (npm.ExitCode != 0)
                throw new LocalHostException($"npm ci in {folder} ended with exit code {npm.ExitCode}.{Environment.NewLine}{noNode}");
        }
    }
}
