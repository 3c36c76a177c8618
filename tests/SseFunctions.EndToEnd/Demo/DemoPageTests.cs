using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Demo;

/// <summary>The demo page in Chromium, against the target: what a proxy before it could spoil.</summary>
/// <param name="target">Where the page is from.</param>
/// <param name="browser">What shows it.</param>
/// <param name="isOneOfMany">Only a thorough run does it: the real worker has a proxy before it as well.</param>
public abstract class DemoPageTests(Target target, Chromium browser, bool isOneOfMany = false) : IClassFixture<Chromium>
{
    public sealed class Direct(Target target, Chromium browser) : DemoPageTests(target, browser), IClassFixture<Target>;

    public sealed class Proxied(ProxiedTarget target, Chromium browser) : DemoPageTests(target, browser, isOneOfMany: true), IClassFixture<ProxiedTarget>;

    [Collection(WorkerTarget.Collection)]
    public sealed class Worker(WorkerTarget target, Chromium browser) : DemoPageTests(target, browser);

    private const string Topic = "demo";

    private readonly string words = $"words {Guid.NewGuid():N}";

    [SkippableFact]
    public async Task Demo_page_shows_the_clocks_events_and_their_ids()
    {
        SkipIfNotHere();
        var epoch = PublishedId.Parse((await SseStream.FirstEventAsync(target.Client, "events/clock?last=1")).Id).Epoch;
        await using var tab = await DemoTab.OpenAsync(browser, target.BaseAddress);

        var found = await tab.WaitUntilAsync("epoch => document.querySelector('#log .event')?.innerText.match(new RegExp(epoch + '-[0-9a-z]+'))?.[0]", epoch);

        var id = PublishedId.Parse(await found.JsonValueAsync<string>());
        var tick = await SseStream.FirstEventAsync(target.Client, "events/clock", $"{id with { Sequence = id.Sequence - 1 }}");
        Assert.Equal($"{id}", tick.Id);
        Assert.Contains(tick.Data, await tab.Page.InnerTextAsync("#log"), StringComparison.Ordinal);
        await tab.AssertWellAsync();
    }

    [SkippableFact]
    public async Task Demo_page_catches_up_when_its_connection_was_cut()
    {
        SkipIfNotHere();
        await using var tab = await DemoTab.OpenLiveAsync(browser, target.BaseAddress);
        var live = $"before {words}";
        await target.Client.PublishAsync(Topic, live);
        Assert.Equal("how live", await tab.WaitForEventAsync(live));
        var late = await tab.CountAsync("#marks .mark.caughtUp"); // of ticks that a busy host has published late

        await tab.CutAsync();
        await target.Client.PublishAsync(Topic, $"of others {words}");
        await tab.GiveKeyAsync(target.Client);
        await tab.PublishAsync(words);
        await tab.Page.ClickAsync("#button");

        Assert.Equal("how caughtUp", await tab.WaitForEventAsync(words));
        await tab.WaitForEventAsync($"of others {words}");
        Assert.True(await tab.CountAsync("#marks .mark.caughtUp") > late);
        Assert.Equal(2, await tab.CountAsync("#bars .bar"));
        Assert.Equal(1, await tab.CountAsync("#bars .gone.cut"));
        await tab.WaitUntilAsync("() => /^Connection 2 caught up with [1-9]/.test(document.getElementById('caughtUp').textContent)");
        await tab.AssertWellAsync();
    }

    [SkippableFact]
    public async Task Script_that_is_not_the_pages_own_does_not_run()
    {
        SkipIfNotHere();
        await using var tab = await DemoTab.OpenLiveAsync(browser, target.BaseAddress);
        await tab.AssertWellAsync();

        var (ran, refused) = (await tab.Page.EvaluateAsync<bool>("""
            () => {
              const script = document.createElement('script');
              try {
                script.textContent = 'window.ran = true';
                document.body.append(script);
              } catch {
              }
              return 'ran' in window;
            }
            """), await tab.Page.EvaluateAsync<bool>("() => fetch('https://example.org/').then(() => false, () => true)"));

        Assert.False(ran);
        Assert.True(refused);
        using var answer = await target.Client.GetAsync(new Uri("demo", UriKind.Relative));
        Assert.StartsWith("default-src 'none'; script-src 'sha256-", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    private void SkipIfNotHere()
    {
        Skip.If(isOneOfMany && !Thoroughness.IsFull, Thoroughness.OnlyInFull);
        Chromium.SkipIfNotInstalled();
    }
}
