using Microsoft.Playwright;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>The machine's Chromium, started for the first test that needs it.</summary>
public sealed class Browser : IEventSourceClient, IAsyncLifetime
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    private IPlaywright? playwright;
    private IBrowser? browser;

    /// <summary>Null where there is none and none can be installed.</summary>
    private static string? Executable { get; } = Find() ?? (BrowserInstallation.Try() ? Find() : null);

    /// <summary>Why a test that needs it is skipped; null where it need not be.</summary>
    public static string? Missing => Executable is null
        ? $"None of {string.Join(", ", Names)} is on the PATH, and this machine gives no way to install Chromium (root and apt-get)."
        : null;

    public string? Absence => Missing;

    public bool TakesIdAlone => true;

    public Task InitializeAsync() => Task.CompletedTask;

    /// <summary>A page in a profile of its own.</summary>
    public async Task<IPage> NewPageAsync()
    {
        await LaunchAsync();
        var page = await browser!.NewPageAsync();
        page.SetDefaultTimeout((float)SseStream.Patience.TotalMilliseconds);
        return page;
    }

    /// <summary>A profile for several tabs, which share its connections.</summary>
    public async Task<IBrowserContext> NewProfileAsync()
    {
        await LaunchAsync();
        var profile = await browser!.NewContextAsync();
        profile.SetDefaultTimeout((float)SseStream.Patience.TotalMilliseconds);
        return profile;
    }

    public async Task<RecordedEventSource> OpenAsync(Uri baseAddress, string path, params string[] types)
    {
        var page = await EventSourcePage.GoToAsync(await NewPageAsync(), baseAddress);
        await page.ConnectAsync(new Uri(baseAddress, path), types: types);
        return page;
    }

    public async Task DisposeAsync()
    {
        if (browser is not null)
            await browser.DisposeAsync();

        playwright?.Dispose();
    }

    private async Task LaunchAsync()
    {
        playwright ??= await Playwright.CreateAsync();
        browser ??= await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Executable,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
            ],
        });
    }

    private static string? Find() => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator)
        .Prepend("/usr/bin")
        .SelectMany(folder => Names.Select(name => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);
}
