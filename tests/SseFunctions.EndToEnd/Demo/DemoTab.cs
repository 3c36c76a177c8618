using System.Collections.Concurrent;
using Microsoft.Playwright;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Demo;

/// <summary>The demo page in a tab. What goes wrong in it is a fault of the test that has it.</summary>
internal sealed class DemoTab : IAsyncDisposable
{
    public const string KeyHeader = "x-functions-key";

    private readonly ConcurrentQueue<string> faults = [];

    private DemoTab(IPage page)
    {
        Page = page;
        page.PageError += (_, fault) => faults.Enqueue(fault);
        page.Console += (_, message) =>
        {
            if (message.Type == "error" && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal)) // what fails is the tests' own doing
                faults.Enqueue(message.Text);
        };
    }

    public IPage Page { get; }

    /// <summary>Opens the page and does not wait for its stream.</summary>
    /// <param name="browser">Opens the tab.</param>
    /// <param name="baseAddress">The API's.</param>
    /// <param name="prepareAsync">What to do before the page is loaded; nothing by default.</param>
    public static async Task<DemoTab> OpenAsync(Chromium browser, Uri baseAddress, Func<IPage, Task>? prepareAsync = null)
    {
        var tab = new DemoTab(await browser.NewPageAsync());
        if (prepareAsync is not null)
            await prepareAsync(tab.Page);

        await tab.Page.GotoAsync(new Uri(baseAddress, "demo").AbsoluteUri);
        return tab;
    }

    /// <summary>Opens the page and waits until it has caught up: what is published from now on is live, and none of it can be missed.</summary>
    public static async Task<DemoTab> OpenLiveAsync(Chromium browser, Uri baseAddress)
    {
        var tab = await OpenAsync(browser, baseAddress);
        await tab.WaitUntilAsync("() => document.querySelector('#log .event .how.live')");
        return tab;
    }

    /// <summary>Waits until the function is truthy in the page.</summary>
    public Task<IJSHandle> WaitUntilAsync(string function, object? argument = null) => Page.WaitForFunctionAsync(function, argument, Chromium.Look);

    /// <summary>Waits until the connection is in the state.</summary>
    public Task WaitForStateAsync(string state) =>
        WaitUntilAsync("state => document.getElementById('page').dataset.state === state", state);

    /// <summary>Waits until the log has a row with the text, and returns how it came there.</summary>
    public async Task<string> WaitForEventAsync(string text)
    {
        var how = await WaitUntilAsync(
            "text => [...document.querySelectorAll('#log .event')].find(row => row.querySelector('.data').textContent === text)?.querySelector('.how').className",
            text);
        return await how.JsonValueAsync<string>();
    }

    /// <summary>How many rows of the log have the text.</summary>
    public Task<int> CountEventsAsync(string text) => Page.EvaluateAsync<int>(
        "text => [...document.querySelectorAll('#log .data')].filter(cell => cell.textContent === text).length", text);

    /// <summary>
    /// Cuts the connection, until the button is pressed again. The page would connect by itself after 15 s; on a busy machine
    /// that may be before the test's next step.
    /// </summary>
    public async Task CutAsync()
    {
        await Page.ClickAsync("#button");
        await WaitForStateAsync("cut");
        await Page.EvaluateAsync("() => clearTimeout(timer)");
    }

    /// <summary>Waits until there are so many of the elements.</summary>
    public Task WaitForCountAsync(string selector, int count) =>
        WaitUntilAsync("([selector, count]) => document.querySelectorAll(selector).length === count", new object[] { selector, count });

    public Task<int> CountAsync(string selector) => Page.Locator(selector).CountAsync();

    /// <summary>Presses Tab until the element has the focus.</summary>
    public async Task TabToAsync(string id)
    {
        const int MaxPresses = 50;
        for (var i = 0; i < MaxPresses; i++)
        {
            await Page.Keyboard.PressAsync("Tab");
            if (await Page.EvaluateAsync<string>("document.activeElement.id") == id)
                return;
        }

        Assert.Fail($"Tab does not come to {id}.");
    }

    /// <summary>Where the host wants a function key, types the one that the client has.</summary>
    public async Task GiveKeyAsync(HttpClient client)
    {
        if (!client.DefaultRequestHeaders.TryGetValues(KeyHeader, out var key))
            return;

        await Page.EvaluateAsync("() => { document.getElementById('keyPart').open = true }");
        await Page.FillAsync("#key", key.Single());
    }

    /// <summary>Publishes a text with the page's form.</summary>
    public async Task PublishAsync(string text)
    {
        await Page.FillAsync("#words", text);
        await Page.ClickAsync("#send");
        await WaitUntilAsync("() => document.getElementById('words').value === ''");
        Assert.StartsWith("Published as ", await Page.InnerTextAsync("#sent"), StringComparison.Ordinal);
    }

    /// <summary>Asserts that no event was missed or repeated and nothing went wrong in the page.</summary>
    public async Task AssertWellAsync()
    {
        Assert.Equal("0 missed, 0 repeated", await Page.InnerTextAsync("#check"));
        Assert.Empty(faults);
    }

    public async ValueTask DisposeAsync() => await Page.CloseAsync().WaitAsync(SseStream.Timeout);
}
