using OpenQA.Selenium.BiDi.BrowsingContext;
using OpenQA.Selenium.BiDi.Script;

namespace SseFunctions.EndToEnd.Browsers;

internal sealed class FirefoxTab(BrowsingContext tab) : BrowserTab
{
    public override Task GoToAsync(Uri address) => tab.NavigateAsync(address.AbsoluteUri, new() { Wait = ReadinessState.Complete });

    public override Task GoBackAsync() => tab.TraverseHistoryAsync(-1);

    public override async ValueTask DisposeAsync() => await tab.CloseAsync();

    protected override async Task<string?> EvaluateToJsonAsync(string expression) =>
        (await tab.Script.EvaluateAsync($"(async () => JSON.stringify(await ({expression})))()", awaitPromise: true)).AsSuccessResult() is StringRemoteValue json
            ? json.Value
            : null;
}
