namespace SseFunctions.EndToEnd.Browsers;

/// <summary>The machine's Chromium as people have it: it keeps the pages that one goes back to.</summary>
public sealed class WindowedChromium() : Chromium(hasWindows: true)
{
    public override string? Absence => FindWindowed() is null ? Missing ?? "There is no Chromium with windows on this machine." : null;
}
