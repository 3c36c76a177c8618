using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>In a thorough run, the machine's Chromium as people have it: it keeps the pages that one goes back to. In a brief run, the one without windows.</summary>
public sealed class WindowedChromium() : Chromium(hasWindows: Thoroughness.IsFull)
{
    public override string? Absence => Thoroughness.IsFull && FindWindowed() is null ? Missing ?? "There is no Chromium with windows on this machine." : Missing;
}
