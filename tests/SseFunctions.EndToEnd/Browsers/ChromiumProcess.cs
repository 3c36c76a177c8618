using Microsoft.Playwright;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>A Chromium that Playwright drives.</summary>
internal sealed class ChromiumProcess : IAsyncDisposable
{
    private readonly IPlaywright playwright;

    private ChromiumProcess(IPlaywright playwright, IBrowser browser) => (this.playwright, Browser) = (playwright, browser);

    public IBrowser Browser { get; }

    public static async Task<ChromiumProcess> StartAsync(string executable)
    {
        var playwright = await Playwright.CreateAsync();
        return new ChromiumProcess(playwright, await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = executable,
            IgnoreDefaultArgs = ["--disable-back-forward-cache"],
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-site-isolation-trials", // with isolation, a process stands by for each page that is opened
            ],
        }));
    }

    public async ValueTask DisposeAsync()
    {
        await Browser.DisposeAsync();
        playwright.Dispose();
    }
}
