using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>EventSource, client.js and the demo page in every engine: what depends on the browser and not on the server.</summary>
/// <param name="hosts">What they read from.</param>
/// <param name="engine">The browser.</param>
/// <param name="isOneOfMany">Only a thorough run does all with it.</param>
public abstract class BrowserEngineTests(EventSourceHosts hosts, BrowserEngine engine, bool isOneOfMany = false)
{
    public sealed class InChromium(EventSourceHosts hosts, WindowedChromium browser) : BrowserEngineTests(hosts, browser), IClassFixture<EventSourceHosts>, IClassFixture<WindowedChromium>;

    public sealed class InFirefox(EventSourceHosts hosts, Firefox firefox) : BrowserEngineTests(hosts, firefox, isOneOfMany: true), IClassFixture<EventSourceHosts>, IClassFixture<Firefox>;

    public sealed class InWebKit(EventSourceHosts hosts, WebKit webKit) : BrowserEngineTests(hosts, webKit, isOneOfMany: true), IClassFixture<EventSourceHosts>, IClassFixture<WebKit>;

    /// <summary>How long a port refuses connections.</summary>
    private static readonly TimeSpan LongRefusal = TimeSpan.FromSeconds(20);

    private readonly string topic = TopicApi.NewTopic();

    [SkippableFact]
    public async Task EventSource_comes_back_and_misses_nothing_when_its_port_has_refused_connections()
    {
        const int Attempts = 3;
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.LongOnlyInFull);
        SkipIfNotHere();
        await using var host = await LocalHostProcess.StartAsync(hosts.Table, EventSourceHosts.Retry);
        var tab = await engine.NewTabAsync();
        await tab.GoToAsync(new Uri(host.BaseAddress, "client.js"));
        await using var source = await TabEventSource.OpenHereAsync(tab, new Uri(host.BaseAddress, $"events/{topic}?from=start"));
        var ids = (await hosts.LongRetry.Client.PublishAllAsync(topic, "0")).ToList();
        await source.ReadEventsAsync(1);

        await host.KillAsync();
        var since = Stopwatch.StartNew();
        do
            await source.WaitUntilFailedAsync(source.Failures + Attempts);
        while (since.Elapsed < LongRefusal);
        ids.AddRange(await hosts.LongRetry.Client.PublishAllAsync(topic, "1", "2"));
        await using var again = await host.StartAgainAsync();

        Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), await source.ReadEventsAsync(3));
        Assert.DoesNotContain(source.Steps, step => step.State == EventSourceState.Closed);
    }

    [SkippableFact]
    public async Task Page_of_another_origin_reads_with_its_cookie_and_is_refused_without_it()
    {
        SkipIfNotHere(inEveryRun: false);
        // Another name than all other tests have: a cookie is for all ports of its host.
        var pages = new UriBuilder(hosts.Steady.BaseAddress) { Host = "localhost" }.Uri;
        await using var host = await TestHost.StartOnAsync(
            hosts.Table, "Access__AnonymousTopics=", $"Access__SigningKey={SignedToken.Key}", $"Host__CORS={pages.GetLeftPart(UriPartial.Authority)}", "Host__CORSCredentials=true");
        var stream = new Uri(new UriBuilder(host.BaseAddress) { Host = "localhost" }.Uri, $"events/{topic}?from=start");
        var id = await hosts.Steady.Client.PublishAsync(topic, "for those who may");
        var tab = await engine.NewTabAsync();
        await tab.GoToAsync(new Uri(pages, "client.js"));
        await tab.EvaluateAsync($"void (document.cookie = 'sse_token={SignedToken.For(DateTimeOffset.UtcNow.AddMinutes(10), topic)}; Path=/')");

        await using (var source = await TabEventSource.OpenHereAsync(tab, stream, withCredentials: true))
            Assert.Equal([new SseMessage(id, "message", "for those who may")], await source.ReadEventsAsync(1));

        await using (var client = await engine.NewTabAsync())
        {
            await client.GoToAsync(new Uri(pages, "client.js"));
            await OpenClientAsync(client, "{ withCredentials: true }", stream.AbsoluteUri);
            Assert.Equal([(id, "for those who may")], await SeenAsync(client, 1)); // by a poll
            await client.WaitUntilAsync("events.readyState === 1"); // and the stream
        }

        var another = await engine.NewTabAsync();
        await another.GoToAsync(new Uri(pages, "client.js"));
        await using var without = await TabEventSource.OpenHereAsync(another, stream);
        await without.WaitUntilClosedAsync();
        Assert.Equal([new EventSourceStep("error", EventSourceState.Closed, null)], without.Steps);
        await another.EvaluateAsync("void (document.cookie = 'sse_token=; Path=/; Max-Age=0')");
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)] // to another page: the browser may keep the first
    public async Task Tabs_with_client_js_share_one_connection_and_miss_nothing_when_the_leader_is_closed_or_left(bool isClosed)
    {
        SkipIfNotHere(inEveryRun: isClosed);
        await using var host = await TestHost.StartOnAsync(hosts.Table, EventSourceHosts.Retry);
        var leader = await OpenClientAsync(host);
        await leader.WaitUntilAsync("events.readyState === 1");
        await using var follower = await OpenClientAsync(host);
        await follower.WaitUntilAsync("events.readyState === 1");
        var ids = (await host.Client.PublishAllAsync(topic, "0")).ToList();
        foreach (var tab in (BrowserTab[])[leader, follower])
            Assert.Equal([(ids[0], "0")], await SeenAsync(tab, 1));
        await host.Client.WaitForOpenStreamsAsync(1);

        if (isClosed)
            await leader.DisposeAsync();
        else
            await leader.GoToAsync(new Uri(host.BaseAddress, "demo"));

        ids.AddRange(await host.Client.PublishAllAsync(topic, "1", "2"));

        Assert.Equal(ids.Select((id, i) => (id, $"{i}")), await SeenAsync(follower, 3));
    }

    [SkippableFact]
    public async Task Client_js_comes_back_when_a_proxy_has_closed_its_EventSource()
    {
        SkipIfNotHere(inEveryRun: false);
        await using var proxy = await HostProxy.StartAsync(hosts.Steady.BaseAddress);
        await using var tab = await engine.NewTabAsync();
        await tab.GoToAsync(new Uri(proxy.BaseAddress, "client.js"));
        await OpenClientAsync(tab);
        await tab.WaitUntilAsync("events.readyState === 1");
        var ids = (await hosts.LongRetry.Client.PublishAllAsync(topic, "0")).ToList();
        await SeenAsync(tab, 1);

        proxy.Answer(502);
        proxy.Cut();
        await proxy.Faults.ReachesAsync(3);
        ids.AddRange(await hosts.LongRetry.Client.PublishAllAsync(topic, "1"));
        proxy.Fault = null;

        Assert.Equal(ids.Select((id, i) => (id, $"{i}")), await SeenAsync(tab, 2));
    }

    [SkippableFact]
    public async Task Client_js_goes_on_where_it_was_when_the_page_is_loaded_again_and_the_cursor_is_stored()
    {
        SkipIfNotHere(inEveryRun: false);
        await using var tab = await OpenClientAsync(hosts.Steady, "{ storage: sessionStorage }");
        await tab.WaitUntilAsync("events.readyState === 1");
        await hosts.LongRetry.Client.PublishAsync(topic, "before");
        await SeenAsync(tab, 1);

        await tab.GoToAsync(new Uri("about:blank"));
        var ids = await hosts.LongRetry.Client.PublishAllAsync(topic, "0", "1");
        await tab.GoToAsync(new Uri(hosts.Steady.BaseAddress, "client.js"));
        await OpenClientAsync(tab, "{ storage: sessionStorage }");

        Assert.Equal(ids.Select((id, i) => (id, $"{i}")), await SeenAsync(tab, 2));
    }

    [SkippableFact]
    public async Task Client_js_goes_on_where_it_was_when_its_visitor_has_left_and_comes_back()
    {
        const string Options = "{ storage: sessionStorage }";
        SkipIfNotHere();
        await using var tab = await OpenClientAsync(hosts.Steady, Options);
        await tab.WaitUntilAsync("events.readyState === 1");
        var ids = (await hosts.LongRetry.Client.PublishAllAsync(topic, "0")).ToList();
        await SeenAsync(tab, 1);

        await tab.GoToAsync(new Uri(hosts.Steady.BaseAddress, "demo"));
        ids.AddRange(await hosts.LongRetry.Client.PublishAllAsync(topic, "1", "2"));
        await tab.GoBackAsync();
        await tab.WaitUntilAsync("location.pathname.endsWith('client.js') && document.readyState === 'complete'");

        var isKept = (await tab.EvaluateAsync("'seen' in window")).GetBoolean();
        Assert.True(engine.KeepsStreamingPages ? isKept || !Thoroughness.IsFull : !isKept, $"kept: {isKept}"); // a busy browser may drop a page that it would keep otherwise
        if (!isKept)
            await OpenClientAsync(tab, Options); // as a page's script does when the page is loaded again
        Assert.Equal(ids.Select((id, i) => (id, $"{i}")).Skip(isKept ? 0 : 1), await SeenAsync(tab, isKept ? 3 : 2));
    }

    [SkippableFact]
    public async Task Demo_page_shows_what_is_published_and_catches_up_when_its_connection_was_cut()
    {
        SkipIfNotHere();
        await using var host = await TestHost.StartOnAsync(TestStorage.NewTableName(), EventSourceHosts.Retry);
        await using var tab = await engine.NewTabAsync();
        await tab.GoToAsync(new Uri(host.BaseAddress, "demo"));
        await tab.WaitUntilAsync("document.querySelector('#log .event .how.live')"); // it has caught up
        await host.Client.PublishAsync("demo", "live");
        await tab.WaitUntilAsync(HasRow("live", "live"));

        await tab.EvaluateAsync("void document.getElementById('button').click()");
        await tab.WaitUntilAsync("document.getElementById('page').dataset.state === 'cut'");
        var meanwhile = DateTimeOffset.UtcNow.AddMinutes(-1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture); // it tells the page that it has waited
        await host.Client.PublishAsync("clock", meanwhile);
        await tab.EvaluateAsync("void document.getElementById('button').click()");

        await tab.WaitUntilAsync(HasRow(meanwhile, "caughtUp"));
        Assert.Equal("0 missed, 0 repeated", (await tab.EvaluateAsync("document.getElementById('check').textContent")).GetString());

        static string HasRow(string data, string how) =>
            $"[...document.querySelectorAll('#log .event')].some(row => row.querySelector('.data').textContent === '{data}' && row.querySelector('.how.{how}'))";
    }

    /// <param name="inEveryRun">Whether every run does it with every engine.</param>
    private void SkipIfNotHere(bool inEveryRun = true)
    {
        Skip.If(isOneOfMany && !inEveryRun && !Thoroughness.IsFull, Thoroughness.OnlyInFull);
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Skip.If(engine.Absence is not null, engine.Absence);
    }

    private async Task<BrowserTab> OpenClientAsync(TestHost host, string options = "{}")
    {
        var tab = await engine.NewTabAsync();
        await tab.GoToAsync(new Uri(host.BaseAddress, "client.js"));
        await OpenClientAsync(tab, options);
        return tab;
    }

    /// <summary>Opens the stream in the tab's page.</summary>
    private async Task OpenClientAsync(BrowserTab tab, string options = "{}", string? stream = null) => await tab.EvaluateAsync($$"""
        import(new URL('/api/client.js', location)).then(({ openEvents }) => {
          window.seen = [];
          window.events = openEvents('{{stream ?? $"/api/events/{topic}"}}', {{options}});
          events.onmessage = event => seen.push([event.lastEventId, event.data]);
        })
        """);

    /// <summary>Waits for so many events and returns all.</summary>
    private static async Task<IReadOnlyList<(string Id, string Data)>> SeenAsync(BrowserTab tab, int count)
    {
        await tab.WaitUntilAsync($"window.seen?.length >= {count}");
        return [.. (await tab.EvaluateAsync("seen")).Deserialize<string[][]>()!.Select(e => (e[0], e[1]))];
    }
}
