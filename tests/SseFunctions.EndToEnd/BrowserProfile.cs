using Microsoft.Playwright;

namespace SseFunctions.EndToEnd;

internal static class BrowserProfile
{
    /// <summary>A profile of its own for several tabs.</summary>
    public static async Task<IBrowserContext> NewProfileAsync(this Browser browser)
    {
        var page = await browser.NewPageAsync();
        var chromium = page.Context.Browser!;
        var profile = await chromium.NewContextAsync();
        await page.CloseAsync();
        return profile;
    }
}
