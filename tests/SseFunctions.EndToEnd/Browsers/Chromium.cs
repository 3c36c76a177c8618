using Microsoft.Playwright;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>The machine's Chromium, without windows where it can be.</summary>
public class Chromium : BrowserEngine
{
    /// <summary>How a test waits for something in a page: with each frame, as Playwright has it, the wait would take more of the processor than what is tested.</summary>
    public static readonly PageWaitForFunctionOptions Look = new() { PollingInterval = 50 };

    /// <summary>The same browser without windows of its own, which take more of the processor than the pages do.</summary>
    private const string Shell = "chromium-headless-shell";

    private static readonly string[] Programs = ["chromium", "chromium-browser", "google-chrome"];
    private static readonly Shared<ChromiumProcess> Default = new(() => ChromiumProcess.StartAsync(Executable!));
    private static readonly Shared<ChromiumProcess> Windowed = new(() => ChromiumProcess.StartAsync(FindWindowed()!));

    private readonly Shared<ChromiumProcess> shared;
    private ChromiumProcess? process;
    private IBrowserContext? tabs;

    public Chromium()
        : this(hasWindows: false)
    {
    }

    protected Chromium(bool hasWindows) => shared = hasWindows ? Windowed : Default;

    private static string? Executable { get; } = BrowserInstallation.Find([Shell], Shell) ?? FindWindowed();

    /// <summary>Why a test that needs it is skipped; null where it need not be.</summary>
    public static string? Missing => Executable is null ? BrowserInstallation.Absence("Chromium", [Shell, .. Programs]) : null;

    public override string? Absence => Missing;

    /// <summary>Skips a test that needs it, where it is not there.</summary>
    public static void SkipIfNotInstalled() => Skip.If(Missing is not null, Missing);

    /// <summary>Skips a test that needs it and hosts of its own, where one of them cannot be.</summary>
    public static void SkipIfMissing()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        SkipIfNotInstalled();
    }

    protected static string? FindWindowed() => BrowserInstallation.Find(Programs, "chromium");

    public override async Task InitializeAsync()
    {
        if (Absence is null)
            process = await shared.AcquireAsync();
    }

    /// <summary>A page in a profile of its own.</summary>
    public async Task<IPage> NewPageAsync()
    {
        var page = await process!.Browser.NewPageAsync(new() { ReducedMotion = ReducedMotion.Reduce }); // no test looks at what moves
        page.SetDefaultTimeout((float)SseStream.Timeout.TotalMilliseconds);
        return page;
    }

    /// <summary>A profile for several tabs, which share its connections.</summary>
    public async Task<IBrowserContext> NewProfileAsync()
    {
        var profile = await process!.Browser.NewContextAsync(new() { ReducedMotion = ReducedMotion.Reduce });
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
            await shared.ReleaseAsync();
    }
}
