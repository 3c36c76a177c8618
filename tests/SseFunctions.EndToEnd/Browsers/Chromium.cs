using Microsoft.Playwright;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>The machine's Chromium.</summary>
public sealed class Chromium : BrowserEngine
{
    private static readonly string[] Programs = ["chromium", "chromium-browser", "google-chrome"];
    private static readonly Shared<ChromiumProcess> Process = new(() => ChromiumProcess.StartAsync(Executable!));

    private ChromiumProcess? process;
    private IBrowserContext? tabs;

    private static string? Executable { get; } = BrowserInstallation.Find(Programs, "chromium");

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
