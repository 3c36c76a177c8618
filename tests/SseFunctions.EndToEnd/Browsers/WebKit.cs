namespace SseFunctions.EndToEnd.Browsers;

/// <summary>WebKitGTK's MiniBrowser, by WebKitWebDriver, on a display of its own.</summary>
public sealed class WebKit : BrowserEngine
{
    private static readonly string[] Drivers = ["WebKitWebDriver"];
    private static readonly string[] Displays = ["xvfb-run"];
    private static readonly string[] Packages = ["webkit2gtk-driver", "xvfb", "xauth"];
    private static readonly Shared<WebKitProcess> Process = new(() => WebKitProcess.StartAsync(Display!, Driver!));

    private WebKitProcess? process;

    private static string? Driver { get; } = BrowserInstallation.Find(Drivers, Packages);

    private static string? Display { get; } = BrowserInstallation.Find(Displays, Packages);

    public override string? Absence => Driver is null || Display is null || WebKitProcess.MiniBrowser is null
        ? BrowserInstallation.Absence("WebKitGTK", [.. Drivers, .. Displays])
        : null;

    public override async Task InitializeAsync()
    {
        if (Absence is null)
            process = await Process.AcquireAsync();
    }

    public override Task<BrowserTab> NewTabAsync() => process!.NewTabAsync();

    public override async Task DisposeAsync()
    {
        if (process is not null)
            await Process.ReleaseAsync();
    }
}
