namespace SseFunctions.EndToEnd.Browsers;

/// <summary>The machine's Firefox, over WebDriver BiDi.</summary>
public sealed class Firefox : BrowserEngine
{
    private static readonly string[] Programs = ["firefox-esr", "firefox"];
    private static readonly Shared<FirefoxProcess> Process = new(() => FirefoxProcess.StartAsync(Executable!));

    private FirefoxProcess? process;

    private static string? Executable { get; } = BrowserInstallation.Find(Programs, "firefox-esr");

    public override string? Absence => Executable is null ? BrowserInstallation.Absence("Firefox", Programs) : null;

    public override bool KeepsStreamingPages => false;

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
