using Microsoft.Playwright;
using SseFunctions.TestSupport;
using Xunit.Abstractions;

namespace SseFunctions.EndToEnd;

/// <summary>Tabs of one Chromium profile that share a connection by client.js.</summary>
public sealed class ClientSharingTests(Browser browser, ITestOutputHelper output) : IClassFixture<Browser>
{
    private readonly string table = TestStorage.NewTableName();
    private readonly string topic = TopicApi.NewTopic();

    [SkippableFact]
    public async Task Ten_tabs_share_one_connection_and_each_gets_every_event_once()
    {
        SkipWithoutBrowser();
        await using var host = await LocalHostProcess.StartAsync(table);
        await using var profile = await browser.NewProfileAsync();
        var tabs = new List<ClientTab>();
        for (var i = 0; i < 10; i++)
            tabs.Add(await ClientTab.OpenAsync(profile, host.BaseAddress, $"events/{topic}"));
        foreach (var tab in tabs)
            await tab.WaitUntilOpenAsync();

        var ids = await host.Client.PublishAllAsync(topic, "0", "1", "2");

        foreach (var tab in tabs)
            Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), await tab.ReadEventsAsync(3));
        Assert.Equal(1, await host.Client.GetOpenStreamsAsync());
        Assert.Single(await LeadersAsync(tabs));
    }

    [SkippableTheory]
    [InlineData("close")]
    [InlineData("crash")]
    [InlineData("freeze")]
    public async Task Tabs_miss_and_repeat_nothing_when_leaders_go_at_random_moments(string how)
    {
        const int Handovers = 3;
        SkipWithoutBrowser();
        output.WriteLine(FuzzSeed.Hint);
        var random = new Random(FuzzSeed.Value);
        await using var host = await LocalHostProcess.StartAsync(table, "Stream__Retry=00:00:00.100");
        await using var profile = await browser.NewProfileAsync();
        var tabs = new List<ClientTab>();
        for (var i = 0; i <= Handovers; i++)
        {
            tabs.Add(await ClientTab.OpenAsync(profile, host.BaseAddress, $"events/{topic}?from=start"));
            await tabs[i].WaitUntilOpenAsync();
        }

        var frozen = new List<ClientTab>();
        await using var publisher = new SteadyPublisher(host.Client, topic);
        for (var i = 0; i < Handovers; i++)
        {
            await publisher.Acknowledged.ReachesAsync(publisher.Acknowledged.Count + random.Next(1, 40));
            var leader = Assert.Single(await LeadersAsync(tabs));
            tabs.Remove(leader);
            if (how == "close")
                await leader.Page.CloseAsync();
            else if (how == "crash")
                await leader.CrashAsync();
            else
            {
                await TellAsync(leader, "freeze");
                frozen.Add(leader);
            }

            await AnyLeadsAsync(tabs);
        }

        var ids = await publisher.StopAsync();
        foreach (var tab in frozen)
            await TellAsync(tab, "resume");
        foreach (var tab in tabs.Concat(frozen))
            Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), await tab.ReadEventsAsync(ids.Count));
    }

    [SkippableFact]
    public async Task Tab_gets_what_it_lacks_when_it_comes_with_an_older_cursor_and_the_others_nothing_twice()
    {
        SkipWithoutBrowser();
        await using var host = await LocalHostProcess.StartAsync(table);
        await using var profile = await browser.NewProfileAsync();
        var first = await ClientTab.OpenAsync(profile, host.BaseAddress, $"events/{topic}");
        await first.WaitUntilOpenAsync();
        var ids = await host.Client.PublishAllAsync(topic, "0", "1", "2");
        await first.ReadEventsAsync(3);

        var second = await ClientTab.OpenAsync(profile, host.BaseAddress, $"events/{topic}?lastEventId={ids[0]}");
        await second.WaitUntilOpenAsync();
        ids = [.. ids, .. await host.Client.PublishAllAsync(topic, "3")];

        var expected = ids.Select((id, i) => new SseMessage(id, "message", $"{i}")).ToList();
        Assert.Equal(expected[1..], await second.ReadEventsAsync(3));
        Assert.Equal(expected, await first.ReadEventsAsync(4));
        Assert.Equal(1, await host.Client.GetOpenStreamsAsync());
    }

    [SkippableFact]
    public async Task Leader_goes_back_for_a_tab_that_is_behind_and_the_others_get_nothing_twice()
    {
        SkipWithoutBrowser();
        await using var host = await LocalHostProcess.StartAsync(table);
        await using var profile = await browser.NewProfileAsync();
        var tabs = new List<ClientTab>();
        for (var i = 0; i < 2; i++)
        {
            tabs.Add(await ClientTab.OpenAsync(profile, host.BaseAddress, $"events/{topic}"));
            await tabs[i].WaitUntilOpenAsync();
        }

        var ids = await host.Client.PublishAllAsync(topic, "0", "1", "2");
        foreach (var tab in tabs)
            await tab.ReadEventsAsync(3);

        // A tab that has had the first only, and says so as client.js does after a leader has gone.
        var behind = await ClientTab.NewAsync(profile, host.BaseAddress);
        await behind.EvaluateAsync<bool>($$"""
            window.told = [];
            window.channel = new BroadcastChannel('sse true {{new Uri(host.BaseAddress, $"events/{topic}")}}');
            channel.onmessage = ({ data }) => data.event?.data && told.push(data.event.data);
            channel.postMessage({ types: ['message'], cursor: '{{ids[0]}}' });
            true
            """);
        await behind.WaitUntilAsync("told.length >= 2");
        ids = [.. ids, .. await host.Client.PublishAllAsync(topic, "3")];

        foreach (var tab in tabs)
            Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), await tab.ReadEventsAsync(4));
        await behind.WaitUntilAsync("told.length >= 3");
        Assert.Equal("1,2,3", await behind.EvaluateAsync<string>("told.join()"));
    }

    [SkippableFact]
    public async Task Follower_gets_types_that_its_leader_does_not_listen_for_and_keeps_its_place_in_them()
    {
        SkipWithoutBrowser();
        await using var host = await LocalHostProcess.StartAsync(table);
        await using var profile = await browser.NewProfileAsync();
        var first = await ClientTab.OpenAsync(profile, host.BaseAddress, $"events/{topic}");
        await first.WaitUntilOpenAsync();
        var plain = await host.Client.PublishAsync(topic, "0");
        await first.ReadEventsAsync(1);
        string[] orders = [await host.Client.PublishAsync(topic, "1", type: "order"), await host.Client.PublishAsync(topic, "2", type: "error")];

        var second = await ClientTab.OpenAsync(profile, host.BaseAddress, $"events/{topic}?lastEventId={plain}", "{}", "order", "error");
        await second.ReadEventsAsync(2);
        await second.WaitUntilOpenAsync();
        orders = [.. orders, await host.Client.PublishAsync(topic, "3", type: "order")];

        Assert.Equal(
            [new(orders[0], "order", "1"), new(orders[1], "error", "2"), new(orders[2], "order", "3")],
            (await second.ReadEventsAsync(3)).Where(e => e.Data.Length > 0));
        Assert.Equal([new SseMessage(plain, "message", "0")], await first.SeenAsync());
    }

    [SkippableFact]
    public async Task Tabs_of_several_topics_miss_and_repeat_nothing_when_leaders_go()
    {
        SkipWithoutBrowser();
        var other = TopicApi.NewTopic();
        await using var host = await LocalHostProcess.StartAsync(table, "Stream__Retry=00:00:00.100");
        await using var profile = await browser.NewProfileAsync();
        var tabs = new List<ClientTab>();
        for (var i = 0; i < 3; i++)
            tabs.Add(await ClientTab.OpenAsync(profile, host.BaseAddress, $"events?topic={topic}&topic={other}&from=start"));
        await AnyLeadsAsync(tabs);
        await using var publisher = new SteadyPublisher(host.Client, topic);
        await using var otherPublisher = new SteadyPublisher(host.Client, other);

        for (var i = 0; i < 2; i++)
        {
            await publisher.Acknowledged.ReachesAsync(publisher.Acknowledged.Count + 10);
            var leader = Assert.Single(await LeadersAsync(tabs));
            tabs.Remove(leader);
            await leader.Page.CloseAsync();
            await AnyLeadsAsync(tabs);
        }

        var count = (await publisher.StopAsync()).Count;
        var otherCount = (await otherPublisher.StopAsync()).Count;
        var events = await tabs[0].ReadEventsAsync(count + otherCount);
        // Each topic's numbers come in their order, so the sum of all is what two counts from 0 are.
        Assert.Equal(
            Enumerable.Range(0, count).Concat(Enumerable.Range(0, otherCount)).Order(),
            events.Select(e => int.Parse(e.Data, System.Globalization.CultureInfo.InvariantCulture)).Order());
    }

    [SkippableFact]
    public async Task Tabs_have_connections_of_their_own_when_they_have_a_token_or_different_circles_or_no_locks()
    {
        SkipWithoutBrowser();
        await using var host = await LocalHostProcess.StartAsync(table);
        await using var profile = await browser.NewProfileAsync();
        var tabs = new List<ClientTab>();
        foreach (var options in new[] { "{ share: 'one' }", "{ share: 'two' }", "{ token: () => 'any' }", "{ token: () => 'any' }", "{}", "{ share: true }" })
            tabs.Add(await ClientTab.OpenAsync(profile, host.BaseAddress, $"events/{topic}", options));
        var insecure = await ClientTab.NewAsync(profile, host.BaseAddress);
        await insecure.EvaluateAsync<bool>("Object.defineProperty(navigator, 'locks', { value: undefined }) && true");
        await insecure.OpenAsync($"events/{topic}");
        tabs.Add(insecure);
        foreach (var tab in tabs)
            await tab.WaitUntilOpenAsync();

        var ids = await host.Client.PublishAllAsync(topic, "0");

        foreach (var tab in tabs)
            Assert.Equal([new SseMessage(ids[0], "message", "0")], await tab.ReadEventsAsync(1));
        Assert.Equal(6, await host.Client.GetOpenStreamsAsync());
    }

    private static async Task<IReadOnlyList<ClientTab>> LeadersAsync(IEnumerable<ClientTab> tabs)
    {
        var leaders = new List<ClientTab>();
        foreach (var tab in tabs)
        {
            if (await tab.IsLeaderAsync())
                leaders.Add(tab);
        }

        return leaders;
    }

    /// <summary>Tells the page what Chromium tells one that it freezes; DevTools' Page.setWebLifecycleState does not freeze a visible one.</summary>
    private static async Task TellAsync(ClientTab tab, string type) => await tab.EvaluateAsync<bool>($"document.dispatchEvent(new Event('{type}'))");

    private static Task AnyLeadsAsync(IEnumerable<ClientTab> tabs) =>
        Task.WhenAny(tabs.Select(tab => tab.WaitUntilAsync("sources.some(source => source.readyState < 2)"))).Unwrap();

    private static void SkipWithoutBrowser()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Skip.If(Browser.Missing is not null, Browser.Missing);
    }
}
