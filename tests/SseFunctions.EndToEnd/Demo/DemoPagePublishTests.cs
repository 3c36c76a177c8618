using Microsoft.Playwright;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Demo;

/// <summary>The form of the demo page that publishes, in Chromium, against the target.</summary>
public sealed class DemoPagePublishTests(Target target, Chromium browser) : IClassFixture<Chromium>, IClassFixture<Target>
{
    private const string Topic = "demo";

    private readonly string words = $"words {Guid.NewGuid():N}";

    [SkippableFact]
    public async Task Demo_page_publishes_what_is_typed_and_tells_of_it_by_keyboard_alone()
    {
        Chromium.SkipIfNotInstalled();
        await using var tab = await DemoTab.OpenLiveAsync(browser, target.BaseAddress);
        await tab.GiveKeyAsync(target.Client);

        await tab.TabToAsync("words");
        await tab.Page.Keyboard.TypeAsync(words);
        await tab.TabToAsync("send");
        await tab.Page.Keyboard.PressAsync("Enter");

        Assert.Equal("how live", await tab.WaitForEventAsync(words));
        await tab.WaitUntilAsync("() => document.getElementById('sent').textContent.startsWith('Published as ')");
        Assert.Equal("send", await tab.Page.EvaluateAsync<string>("document.activeElement.id"));
        await tab.Page.FocusAsync("body");
        await tab.TabToAsync("timeline");
        Assert.Equal("0", await tab.Page.GetAttributeAsync("#timeline", "aria-valuenow"));
        await tab.Page.Keyboard.PressAsync("End");
        for (var read = ""; !read.Contains(words, StringComparison.Ordinal); await tab.Page.Keyboard.PressAsync("ArrowLeft"))
        {
            var next = await tab.Page.GetAttributeAsync("#timeline", "aria-valuetext");
            Assert.NotEqual(read, next); // the first mark
            read = next!;
            Assert.Equal(read, await tab.Page.InnerTextAsync("#readout"));
        }

        await tab.AssertWellAsync();
    }

    [SkippableFact]
    public async Task Demo_page_keeps_what_is_typed_while_it_publishes()
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.SeldomOnlyInFull);
        Chromium.SkipIfNotInstalled();
        var answered = new TaskCompletionSource();
        await using var tab = await DemoTab.OpenLiveAsync(browser, target.BaseAddress);
        await tab.GiveKeyAsync(target.Client);
        await tab.Page.RouteAsync("**/events/demo", async route =>
        {
            await answered.Task;
            await route.ContinueAsync();
        });

        await tab.Page.FillAsync("#words", words);
        await tab.Page.ClickAsync("#send");
        await tab.Page.FillAsync("#words", "the next");
        await tab.Page.PressAsync("#words", "Control+Enter"); // not yet
        answered.SetResult();

        await tab.WaitForEventAsync(words);
        await tab.WaitUntilAsync("() => document.getElementById('sent').textContent.startsWith('Published as ')");
        Assert.Equal("the next", await tab.Page.InputValueAsync("#words"));
        await tab.PublishAsync($"last {words}");
        await tab.WaitForEventAsync($"last {words}");
        Assert.Equal(0, await tab.CountEventsAsync("the next"));
        await tab.AssertWellAsync();
    }

    [SkippableFact]
    public async Task Publishing_again_doubles_nothing_when_the_answer_was_lost()
    {
        Chromium.SkipIfNotInstalled();
        await using var tab = await DemoTab.OpenLiveAsync(browser, target.BaseAddress);
        await tab.GiveKeyAsync(target.Client);
        await tab.Page.RouteAsync("**/events/demo", LoseAnswerAsync, new() { Times = 1 });

        await tab.Page.FillAsync("#words", words);
        await tab.Page.ClickAsync("#send");
        await tab.WaitUntilAsync("() => document.getElementById('sent').classList.contains('gap')");
        await tab.Page.ClickAsync("#send");
        await tab.WaitUntilAsync("() => document.getElementById('sent').textContent.startsWith('Published as ')");
        await tab.PublishAsync(words); // the same words once more are another event

        var last = $"last {words}";
        await tab.PublishAsync(last);
        await tab.WaitForEventAsync(last);
        Assert.Equal(2, await tab.CountEventsAsync(words));
        await tab.AssertWellAsync();
    }

    [SkippableFact]
    public async Task Function_key_goes_into_the_header_only()
    {
        Chromium.SkipIfNotInstalled();
        await using var tab = await DemoTab.OpenLiveAsync(browser, target.BaseAddress);
        await tab.Page.RouteAsync("**/events/demo", route => route.FulfillAsync(new() { Status = 401 }), new() { Times = 1 });

        await tab.Page.FillAsync("#words", words);
        await tab.Page.ClickAsync("#send");
        await tab.WaitUntilAsync("() => document.getElementById('sent').textContent.startsWith('401: publishing needs a function key')");
        await tab.Page.FillAsync("#key", "se cret"); // the 401 has opened its part
        var sent = await tab.Page.RunAndWaitForRequestAsync(() => tab.Page.ClickAsync("#send"), request => request.Method == "POST");

        Assert.Equal("se cret", (await sent.AllHeadersAsync())[DemoTab.KeyHeader]);
        Assert.Equal(new Uri(target.BaseAddress, "events/demo").AbsoluteUri, sent.Url);
        Assert.Equal(words, sent.PostData);
        Assert.Equal("password", await tab.Page.GetAttributeAsync("#key", "type"));
        Assert.Equal(0, await tab.Page.EvaluateAsync<int>("localStorage.length + sessionStorage.length + document.cookie.length"));
        await tab.AssertWellAsync();
    }

    [SkippableFact]
    public async Task Demo_page_says_in_words_why_an_event_was_not_published()
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.SeldomOnlyInFull);
        Chromium.SkipIfNotInstalled();
        await using var tab = await DemoTab.OpenLiveAsync(browser, target.BaseAddress);
        await tab.GiveKeyAsync(target.Client);

        await tab.Page.FillAsync("#words", new string('x', (64 * 1024) + 1));
        await tab.Page.ClickAsync("#send");

        await tab.WaitUntilAsync("() => /^413: that is too long\\. .*65536/.test(document.getElementById('sent').textContent)");
        await tab.AssertWellAsync();
    }

    /// <summary>Lets a request be served and the client never know.</summary>
    private static async Task LoseAnswerAsync(IRoute route)
    {
        await route.FetchAsync();
        await route.AbortAsync();
    }
}
