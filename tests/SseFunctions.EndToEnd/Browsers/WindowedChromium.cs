using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>The machine's Chromium as people have it: it keeps the pages that one goes back to. It is there in a thorough run only.</summary>
public sealed class WindowedChromium() : Chromium(hasWindows: true)
{
    public override string? Absence =>
        !Thoroughness.IsFull ? Thoroughness.OnlyInFull
        : FindWindowed() is null ? Missing ?? "There is no Chromium with windows on this machine."
        : null;
}
