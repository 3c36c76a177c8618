using Microsoft.Playwright;
using SseFunctions.TestSupport;
using Xunit.Abstractions;

namespace SseFunctions.EndToEnd.Client;

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
        await LeaderAsync(tabs);
        Assert.Equal(1, await host.Client.GetOpenStreamsAsync());
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
            var leader = await LeaderAsync(tabs);
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

            await LeaderAsync(tabs);
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
            window.channel = new BroadcastChannel('sse true false {{new Uri(host.BaseAddress, $"events/{topic}")}}');
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
        await using var publisher = new SteadyPublisher(host.Client, topic);
        await using var otherPublisher = new SteadyPublisher(host.Client, other);

        for (var i = 0; i < 2; i++)
        {
            await publisher.Acknowledged.ReachesAsync(publisher.Acknowledged.Count + 10);
            var leader = await LeaderAsync(tabs);
            tabs.Remove(leader);
            await leader.Page.CloseAsync();
            await LeaderAsync(tabs);
        }

        // The order of the ids of several topics is that of their names.
        var (first, second) = (await publisher.StopAsync(), await otherPublisher.StopAsync());
        if (string.CompareOrdinal(topic, other) > 0)
            (first, second) = (second, first);
        var (inFirst, inSecond) = (0, 0);
        foreach (var e in await tabs[0].ReadEventsAsync(first.Count + second.Count))
        {
            var parts = e.Id!.Split('.'); // one is the next of its topic
            if (inFirst < first.Count && parts[0] == first[inFirst] && e.Data == $"{inFirst}")
                inFirst++;
            else
                Assert.Equal((second[inSecond], $"{inSecond++}"), (parts[1], e.Data));
        }

        Assert.Equal((first.Count, second.Count), (inFirst, inSecond));
    }

    [SkippableFact]
    public async Task Tab_that_is_ahead_in_one_topic_gets_nothing_twice_when_another_has_events_that_nobody_listens_for()
    {
        SkipWithoutBrowser();
        await using var host = await LocalHostProcess.StartAsync(table, "Stream__Retry=00:00:00.100");
        await using var proxy = await HostProxy.StartAsync(host.BaseAddress);
        await using var profile = await browser.NewProfileAsync();
        var (quiet, busy) = ($"{topic}a", $"{topic}z");
        var leader = await ClientTab.OpenAsync(profile, proxy.BaseAddress, $"events?topic={quiet}&topic={busy}");
        await leader.WaitUntilOpenAsync();
        var follower = await ClientTab.OpenAsync(profile, proxy.BaseAddress, $"events?topic={quiet}&topic={busy}");
        await follower.WaitUntilOpenAsync();
        var ids = await host.Client.PublishAllAsync(busy, "0", "1", "2");
        await follower.ReadEventsAsync(3);

        // The leader's connection is cut, and its next hangs; the follower polls meanwhile.
        var isBack = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        proxy.Fault = async context =>
        {
            if (!context.Request.Query.ContainsKey("mode"))
                await isBack.Task;
            await proxy.ForwardAsync(context);
        };
        proxy.Cut();
        await proxy.Faults.ReachesAsync(1);
        ids = [.. ids, .. await host.Client.PublishAllAsync(busy, "3", "4")];
        await follower.EvaluateAsync<bool>("dispatchEvent(new Event('online'))");
        await follower.ReadEventsAsync(5);
        await host.Client.PublishAsync(quiet, "nobody listens", type: "other");
        isBack.SetResult();
        await leader.ReadEventsAsync(5);
        ids = [.. ids, .. await host.Client.PublishAllAsync(busy, "5")];

        foreach (var tab in new[] { leader, follower })
            Assert.Equal(ids.Select((id, i) => (id, $"{i}")), (await tab.ReadEventsAsync(6)).Select(e => (e.Id!.Split('.')[1], e.Data)));
    }

    [SkippableFact]
    public async Task Stopped_page_asks_for_nothing_and_goes_on_where_it_was()
    {
        SkipWithoutBrowser();
        await using var host = await LocalHostProcess.StartAsync(table);
        await using var profile = await browser.NewProfileAsync();
        var tab = await ClientTab.OpenAsync(profile, host.BaseAddress, $"events/{topic}");
        await tab.WaitUntilOpenAsync();
        await TellAsync(tab, "freeze");

        Assert.Equal(0, await tab.FetchesAtAsync("dispatchEvent(new Event('online'))"));
        Assert.Equal(0, await tab.StealsAtAsync(TimeSpan.FromMinutes(10), "document.dispatchEvent(new Event('visibilitychange'))"));

        var ids = await host.Client.PublishAllAsync(topic, "0");
        await TellAsync(tab, "resume");
        Assert.Equal([new SseMessage(ids[0], "message", "0")], await tab.ReadEventsAsync(1));
    }

    [SkippableTheory]
    [InlineData("document.dispatchEvent(new Event('freeze')); document.dispatchEvent(new Event('resume'));")]
    [InlineData("")]
    public async Task Tab_that_has_slept_leaves_a_healthy_leader_its_lock(string wake)
    {
        SkipWithoutBrowser();
        await using var host = await LocalHostProcess.StartAsync(table);
        await using var profile = await browser.NewProfileAsync();
        var leader = await ClientTab.OpenAsync(profile, host.BaseAddress, $"events/{topic}");
        await leader.WaitUntilOpenAsync();
        var follower = await ClientTab.OpenAsync(profile, host.BaseAddress, $"events/{topic}");
        await follower.WaitUntilOpenAsync();

        var steals = await follower.StealsAtAsync(TimeSpan.FromMinutes(10), wake + "document.dispatchEvent(new Event('visibilitychange'))");

        Assert.Equal(0, steals);
        var ids = await host.Client.PublishAllAsync(topic, "0");
        foreach (var tab in new[] { leader, follower })
            Assert.Equal([new SseMessage(ids[0], "message", "0")], await tab.ReadEventsAsync(1));
    }

    [SkippableFact]
    public async Task Tab_takes_the_lock_of_a_leader_from_which_nothing_comes_while_it_is_awake()
    {
        SkipWithoutBrowser();
        await using var host = await LocalHostProcess.StartAsync(table);
        await using var profile = await browser.NewProfileAsync();
        var leader = await ClientTab.OpenAsync(profile, host.BaseAddress, $"events/{topic}");
        await leader.WaitUntilOpenAsync();
        var follower = await ClientTab.OpenAsync(profile, host.BaseAddress, $"events/{topic}");
        await follower.WaitUntilOpenAsync();

        var steals = 0;
        for (var i = 0; i < 4; i++)
            steals += await follower.StealsAtAsync(TimeSpan.FromSeconds(80), "document.dispatchEvent(new Event('visibilitychange'))");

        Assert.Equal(1, steals);
        await LeaderAsync([follower]);
    }

    [SkippableTheory] // Chromium has six connections to a host at most, and each tab polls before it listens.
    [InlineData(4, "{ share: 'one' }", "{ share: 'two' }", "{}", "{ share: true }", "{ withCredentials: true }")]
    [InlineData(3, "{ token: () => 'any' }", "{ token: () => 'any' }", "{ share: false }")]
    public async Task Tabs_have_connections_of_their_own_when_they_have_a_token_or_different_circles(int connections, params string[] options)
    {
        SkipWithoutBrowser();
        await using var host = await LocalHostProcess.StartAsync(table);
        await using var profile = await browser.NewProfileAsync();
        var tabs = new List<ClientTab>();
        foreach (var each in options)
            tabs.Add(await ClientTab.OpenAsync(profile, host.BaseAddress, $"events/{topic}", each));

        await AssertConnectionsAsync(host, tabs, connections);
    }

    [SkippableFact]
    public async Task Tab_has_a_connection_of_its_own_when_there_are_no_locks()
    {
        SkipWithoutBrowser();
        await using var host = await LocalHostProcess.StartAsync(table);
        await using var profile = await browser.NewProfileAsync();
        var tab = await ClientTab.OpenAsync(profile, host.BaseAddress, $"events/{topic}");
        var insecure = await ClientTab.NewAsync(profile, host.BaseAddress);
        await insecure.EvaluateAsync<bool>("Object.defineProperty(navigator, 'locks', { value: undefined }) && true");
        await insecure.OpenAsync($"events/{topic}");

        await AssertConnectionsAsync(host, [tab, insecure], 2);
    }

    private async Task AssertConnectionsAsync(LocalHostProcess host, List<ClientTab> tabs, int connections)
    {
        foreach (var tab in tabs)
            await tab.WaitUntilOpenAsync();

        var ids = await host.Client.PublishAllAsync(topic, "0");

        foreach (var tab in tabs)
            Assert.Equal([new SseMessage(ids[0], "message", "0")], await tab.ReadEventsAsync(1));
        Assert.Equal(connections, await host.Client.GetOpenStreamsAsync());
    }

    /// <summary>Tells the page what Chromium tells one that it freezes; DevTools' Page.setWebLifecycleState does not freeze a visible one.</summary>
    private static async Task TellAsync(ClientTab tab, string type) => await tab.EvaluateAsync<bool>($"document.dispatchEvent(new Event('{type}'))");

    /// <summary>Waits until one of the tabs leads; one that goes back has no connection for a moment.</summary>
    private static async Task<ClientTab> LeaderAsync(List<ClientTab> tabs)
    {
        var leading = tabs.Select(tab => tab.WaitUntilAsync(ClientTab.Leads)).ToList();
        var first = await Task.WhenAny(leading);
        await first;
        return tabs[leading.IndexOf(first)];
    }

    private static void SkipWithoutBrowser()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Skip.If(Browser.Missing is not null, Browser.Missing);
    }
}
