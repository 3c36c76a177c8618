using OpenQA.Selenium.BiDi;
using OpenQA.Selenium.BiDi.BrowsingContext;
using OpenQA.Selenium.BiDi.Session;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>A Firefox with a profile of its own, and the session that drives it.</summary>
internal sealed class FirefoxProcess : IAsyncDisposable
{
    /// <summary>What it writes when it can be driven, before the address.</summary>
    private const string ReadyLine = "WebDriver BiDi listening on ";
    private const int MaxAttempts = 10;

    /// <summary>It asks nobody but the tests' hosts for anything, and starts no process before a page needs it.</summary>
    private const string Preferences = """
        user_pref("app.normandy.enabled", false);
        user_pref("app.update.enabled", false);
        user_pref("browser.safebrowsing.downloads.enabled", false);
        user_pref("browser.safebrowsing.malware.enabled", false);
        user_pref("browser.safebrowsing.phishing.enabled", false);
        user_pref("browser.shell.checkDefaultBrowser", false);
        user_pref("browser.startup.page", 0);
        user_pref("dom.ipc.processCount", 1);
        user_pref("dom.ipc.processCount.webIsolated", 1);
        user_pref("dom.ipc.processPrelaunch.enabled", false);
        user_pref("datareporting.policy.dataSubmissionEnabled", false);
        user_pref("extensions.systemAddon.update.enabled", false);
        user_pref("extensions.update.enabled", false);
        user_pref("network.captive-portal-service.enabled", false);
        user_pref("network.connectivity-service.enabled", false);
        user_pref("services.settings.server", "data:,none");
        user_pref("toolkit.telemetry.enabled", false);
        """;

    /// <summary>Its first start on a machine that is busy takes long.</summary>
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(3);

    private readonly WatchedProcess process;
    private readonly IBiDi session;
    private readonly string profile;

    private FirefoxProcess(WatchedProcess process, IBiDi session, string profile) => (this.process, this.session, this.profile) = (process, session, profile);

    public static async Task<FirefoxProcess> StartAsync(string executable)
    {
        var profile = Directory.CreateTempSubdirectory("firefox-").FullName;
        await File.WriteAllTextAsync(Path.Combine(profile, "user.js"), Preferences);
        var process = WatchedProcess.Start(executable, ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0"], profile, []);
        try
        {
            string line;
            do
                line = await process.ReadLineAsync();
            while (!line.StartsWith(ReadyLine, StringComparison.Ordinal));

            var session = await BiDi.ConnectAsync(new Uri($"{line[ReadyLine.Length..].Trim()}/session"));
            using var timeout = new CancellationTokenSource(StartTimeout);
            await session.NewAsync(new CapabilitiesRequest(), cancellationToken: timeout.Token);
            return new FirefoxProcess(process, session, profile);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public async Task<BrowserTab> NewTabAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return new FirefoxTab((await session.BrowsingContext.CreateAsync(ContextType.Tab)).Context);
            }
            catch (BiDiException ex) when (attempt < MaxAttempts && ex.Message.StartsWith("no such frame", StringComparison.Ordinal))
            {
                // Firefox opens it beside the tab in front, which another test has just closed.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ((IAsyncDisposable)session).DisposeAsync();
        await process.DisposeAsync();
        Directory.Delete(profile, recursive: true);
    }
}
