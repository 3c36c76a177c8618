using Microsoft.Playwright;

namespace SseFunctions.EndToEnd.Browsers;

internal sealed class ChromiumTab(IPage page) : BrowserTab
{
    public override Task GoToAsync(Uri address) => page.GotoAsync(address.AbsoluteUri);

    public override Task GoBackAsync() => page.GoBackAsync(new() { WaitUntil = WaitUntilState.Commit });

    public override async ValueTask DisposeAsync() => await page.CloseAsync();

    protected override Task<string?> EvaluateToJsonAsync(string expression) =>
        page.EvaluateAsync<string?>($"async () => JSON.stringify(await ({expression}))")!;
}
