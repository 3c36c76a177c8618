using System.Diagnostics;
using System.Globalization;
using SseFunctions.Local;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Local;

/// <summary>A real npm, whose installation lasts until it is killed.</summary>
public sealed class NpmInstallationTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sse-npm-").FullName;

    [Fact]
    public async Task Npm_has_gone_when_the_wait_for_it_is_cancelled()
    {
        await WriteAsync("package.json", """{ "name": "a", "version": "1.0.0", "scripts": { "preinstall": "node wait.js" } }""");
        await WriteAsync("package-lock.json", """{ "name": "a", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": { "": { "name": "a", "version": "1.0.0" } } }""");
        await WriteAsync("wait.js", "const fs = require('fs'); fs.writeFileSync('new', `${process.pid}`); fs.renameSync('new', 'pid'); setInterval(() => {}, 1000);");
        using var cancel = new CancellationTokenSource();
        var installation = new NpmInstallation(folder, "a", "no Node.js").EnsureAsync(_ => { }, cancel.Token);
        using var script = await StartedAsync(installation);

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => installation.WaitAsync(SseStream.Timeout));

        // npm ends after its script; the script, killed with it, may take a moment to be gone.
        await script.WaitForExitAsync().WaitAsync(SseStream.Timeout);
        Assert.True(script.HasExited);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private Task WriteAsync(string name, string text) => File.WriteAllTextAsync(Path.Combine(folder, name), text);

    private async Task<Process> StartedAsync(Task installation)
    {
        var pid = Path.Combine(folder, "pid");
        using var guard = new CancellationTokenSource(SseStream.Timeout);
        while (!File.Exists(pid))
        {
            guard.Token.ThrowIfCancellationRequested();
            if (installation.IsCompleted)
                await installation;

            await Task.Yield();
        }

        return Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(pid), CultureInfo.InvariantCulture));
    }
}
