using Microsoft.Playwright;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>The machine's Chromium.</summary>
public sealed class Chromium : BrowserEngine
{
    /// <summary>How a test waits for something in a page: with each frame, as Playwright has it, the wait would take more of the processor than what is tested.</summary>
    public static readonly PageWaitForFunctionOptions Look = new() { PollingInterval = 50 };

    /// <summary>The shell is the same browser without its own windows, which take more of the processor than the pages do.</summary>
    private static readonly string[] Programs = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];
    private static readonly Shared<ChromiumProcess> Process = new(() => ChromiumProcess.StartAsync(Executable!));

    private ChromiumProcess? process;
    private IBrowserContext? tabs;

    private static string? Executable { get; } = BrowserInstallation.Find(Programs, "chromium-headless-shell") ?? BrowserInstallation.Find(Programs, "chromium");

    /// <summary>Why a test that needs it is skipped; null where it need not be.</summary>
    public static string? Missing => Executable is null ? BrowserInstallation.Absence("Chromium", Programs) : null;

    public override string? Absence => Missing;

    /// <summary>Skips a test that needs it, where it is not there.</summary>
    public static void SkipIfNotInstalled() => Skip.If(Missing is not null, Missing);

    /// <summary>Skips a test that needs it and hosts of its own, where one of them cannot be.</summary>
    public static void SkipIfMissing()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        SkipIfNotInstalled();
    }

    public override async Task InitializeAsync()
    {
        if (Missing is null)
            process = await Process.AcquireAsync();
    }

    /// <summary>A page in a profile of its own.</summary>
    public async Task<IPage> NewPageAsync()
    {
        var page = await process!.Browser.NewPageAsync();
        page.SetDefaultTimeout((float)SseStream.Timeout.TotalMilliseconds);
        return page;
    }

    /// <summary>A profile for several tabs, which share its connections.</summary>
    public async Task<IBrowserContext> NewProfileAsync()
    {
        var profile = await process!.Browser.NewContextAsync();
        profile.SetDefaultTimeout((float)SseStream.Timeout.TotalMilliseconds);
        return profile;
    }

    public override async Task<BrowserTab> NewTabAsync() => new ChromiumTab(await (tabs ??= await NewProfileAsync()).NewPageAsync());

    public override async Task<RecordedEventSource> OpenAsync(Uri baseAddress, string path, params string[] types)
    {
        var page = await EventSourcePage.GoToAsync(await NewPageAsync(), baseAddress);
        await page.ConnectAsync(new Uri(baseAddress, path), types: types);
        return page;
    }

    public override async Task DisposeAsync()
    {
        if (tabs is not null)
            await tabs.DisposeAsync();

        if (process is not null)
            await Process.ReleaseAsync();
    }
}
