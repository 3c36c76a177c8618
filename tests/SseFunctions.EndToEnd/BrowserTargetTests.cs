using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd;

/// <summary>Chromium against the target.</summary>
public abstract class BrowserTargetTests(Target target, Browser browser) : IClassFixture<Browser>
{
    [Collection(Target.Collection)]
    public sealed class Direct(Target target, Browser browser) : BrowserTargetTests(target, browser);

    [Collection(ProxiedTarget.Collection)]
    public sealed class Proxied(ProxiedTarget target, Browser browser) : BrowserTargetTests(target, browser);

    [SkippableFact]
    public async Task Demo_page_shows_the_clocks_events_and_their_ids()
    {
        Skip.If(Browser.Missing is not null, Browser.Missing);
        await using var clock = await SseStream.OpenAsync(target.Client, "events/clock?last=1");
        var epoch = PublishedId.Parse((await clock.ReadEventAsync())?.Id).Epoch;
        var faults = new List<string>();
        var page = await browser.NewPageAsync();
        page.PageError += (_, fault) => faults.Add(fault);

        await page.GotoAsync(new Uri(target.BaseAddress, "demo").AbsoluteUri);

        var found = await page.WaitForFunctionAsync("epoch => document.body.innerText.match(new RegExp(epoch + '-[0-9a-z]+'))?.[0]", epoch);
        var id = PublishedId.Parse(await found.JsonValueAsync<string>());
        await using var shown = await SseStream.OpenAsync(target.Client, "events/clock", $"{id with { Sequence = id.Sequence - 1 }}");
        var tick = await shown.ReadEventAsync();
        Assert.Equal($"{id}", tick?.Id);
        Assert.Contains(tick!.Data, await page.InnerTextAsync("body"), StringComparison.Ordinal);
        Assert.Empty(faults);
        await page.CloseAsync();
    }
}
