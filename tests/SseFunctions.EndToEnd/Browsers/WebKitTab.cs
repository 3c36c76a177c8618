using OpenQA.Selenium;

namespace SseFunctions.EndToEnd.Browsers;

internal sealed class WebKitTab(WebKitProcess process, string handle) : BrowserTab
{
    public override Task GoToAsync(Uri address) => DoAsync(web => web.Navigate().GoToUrl(address));

    public override Task GoBackAsync() => DoAsync(web => web.Navigate().Back());

    public override async ValueTask DisposeAsync() => await DoAsync(web => web.Close());

    protected override async Task<string?> EvaluateToJsonAsync(string expression)
    {
        var value = (string?)await process.DoAsync(handle, web => ((IJavaScriptExecutor)web).ExecuteAsyncScript(
            $$"""
            const done = arguments[0];
            (async () => JSON.stringify(await ({{expression}})))().then(value => done(value === undefined ? null : value), error => done(`!${error}`));
            """));
        return value is ['!', .. var error] ? throw new InvalidOperationException(error) : value;
    }

    private Task<bool> DoAsync(Action<IWebDriver> action) => process.DoAsync(handle, web =>
    {
        action(web);
        return true;
    });
}
