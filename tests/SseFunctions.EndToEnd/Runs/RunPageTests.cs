using System.Net;
using Microsoft.Playwright;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Runs;

/// <summary>The page of docs/runs.md, with the browser's own EventSource.</summary>
public sealed class RunPageTests(Chromium browser) : IClassFixture<Chromium>
{
    [SkippableFact]
    public async Task Page_shows_all_of_an_answer_when_it_is_loaded_again_in_its_middle()
    {
        Chromium.SkipIfNotInstalled();
        await using var host = await ChatHost.StartAsync();
        var page = await AskAsync(host);
        host.Model.Say("a", "b");
        await ShowsAsync(page, "answer", "ab");

        await page.ReloadAsync();
        host.Model.Say("c");
        await ShowsAsync(page, "answer", "abc");
        await ShowsAsync(page, "state", "running");
        host.Model.End();

        await ShowsAsync(page, "state", "complete");
        await ShowsAsync(page, "answer", "abc");
    }

    /// <summary>And a second delivery by the queue, after the process that wrote it has died, ends it for good.</summary>
    [SkippableFact]
    public async Task Page_tells_an_answer_that_goes_on_from_one_that_is_unfinished_or_broken_off()
    {
        Chromium.SkipIfNotInstalled();
        await using var host = await ChatHost.StartAsync("Stream:Heartbeat=00:00:01");
        var page = await AskAsync(host, withClock: true);
        host.Model.Say("a");
        await ShowsAsync(page, "answer", "a");

        await page.Clock.FastForwardAsync(31_000);
        await ShowsAsync(page, "state", "unfinished");
        host.Model.Say("b"); // it was only slow
        await ShowsAsync(page, "state", "running");
        await host.DeliverAgainAsync();

        await ShowsAsync(page, "state", "broken off");
        await ShowsAsync(page, "answer", "ab");
        await host.DeliverAgainAsync(); // and once more
        using var over = await host.Client.GetAsync($"events/{(await host.Started).Topic}?active=true");
        Assert.Equal(HttpStatusCode.NoContent, over.StatusCode);
    }

    private static Task<IJSHandle> ShowsAsync(IPage page, string id, string text) =>
        page.WaitForFunctionAsync("([id, text]) => document.getElementById(id).textContent === text", new[] { id, text }, Chromium.Look);

    private async Task<IPage> AskAsync(ChatHost host, bool withClock = false)
    {
        var page = await browser.NewPageAsync();
        if (withClock)
            await page.Clock.InstallAsync();

        await page.GotoAsync(new Uri(host.BaseAddress, "run.html").AbsoluteUri);
        await page.FillAsync("#prompt", "Go on.");
        await page.ClickAsync("button");
        return page;
    }
}
