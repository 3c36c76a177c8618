using Microsoft.AspNetCore.Http;
using Microsoft.Playwright;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Client;

/// <summary>Tabs of one Chromium profile that share a connection by client.js.</summary>
public sealed class ClientSharingTests(Chromium browser) : IClassFixture<Chromium>
{
    private readonly string table = TestStorage.NewTableName();
    private readonly string topic = TopicApi.NewTopic();

    [SkippableFact]
    public async Task Ten_tabs_share_one_connection_and_each_gets_every_event_once()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table);
        await using var profile = await browser.NewProfileAsync();
        var tabs = new List<ClientTab>();
        for (var i = 0; i < 10; i++)
            tabs.Add(await ClientTab.OpenAsync(profile, host.BaseAddress, $"events/{topic}"));
        foreach (var tab in tabs)
            await tab.WaitUntilOpenAsync();

        var ids = await host.Client.PublishAllAsync(topic, "0", "1", "2");

        foreach (var tab in tabs)
            Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), await tab.ReadEventsAsync(3));
        await ClientTab.LeaderAsync(tabs);
        await host.Client.WaitForOpenStreamsAsync(1);
    }

    [SkippableFact]
    public async Task Tab_gets_what_it_lacks_when_it_comes_with_an_older_cursor_and_the_others_nothing_twice()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table);
        await using var profile = await browser.NewProfileAsync();
        var first = await ClientTab.OpenLiveAsync(profile, host.BaseAddress, $"events/{topic}");
        var ids = await host.Client.PublishAllAsync(topic, "0", "1", "2");
        await first.ReadEventsAsync(3);

        var second = await ClientTab.OpenLiveAsync(profile, host.BaseAddress, $"events/{topic}?lastEventId={ids[0]}");
        ids = [.. ids, .. await host.Client.PublishAllAsync(topic, "3")];

        var expected = ids.Select((id, i) => new SseMessage(id, "message", $"{i}")).ToList();
        Assert.Equal(expected[1..], await second.ReadEventsAsync(3));
        Assert.Equal(expected, await first.ReadEventsAsync(4));
        await host.Client.WaitForOpenStreamsAsync(1);
    }

    [SkippableFact]
    public async Task Follower_gets_types_that_its_leader_does_not_listen_for_and_keeps_its_place_in_them()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table);
        await using var profile = await browser.NewProfileAsync();
        var first = await ClientTab.OpenLiveAsync(profile, host.BaseAddress, $"events/{topic}");
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
    public async Task Tab_that_is_ahead_in_one_topic_gets_nothing_twice_when_another_has_events_that_nobody_listens_for()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, "Stream__Retry=00:00:00.100");
        await using var proxy = await HostProxy.StartAsync(host.BaseAddress);
        await using var profile = await browser.NewProfileAsync();
        var (quiet, busy) = ($"{topic}a", $"{topic}z");
        var leader = await ClientTab.OpenLiveAsync(profile, proxy.BaseAddress, $"events?topic={quiet}&topic={busy}");
        var follower = await ClientTab.OpenLiveAsync(profile, proxy.BaseAddress, $"events?topic={quiet}&topic={busy}");
        var ids = await host.Client.PublishAllAsync(busy, "0", "1", "2");
        await follower.ReadEventsAsync(3);

        // The leader's connection is cut, and its next hangs; the follower polls meanwhile.
        var isBack = HoldOne(proxy, context => !ClientTab.IsPoll(context));
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

    /// <summary>Which of two places in different logs is the older, nobody can tell: here the tab that comes is ahead of the one that leads.</summary>
    [SkippableTheory]
    [InlineData(false)] // the leader's first poll is under way, and it has no place yet
    [InlineData(true)] // the leader waits for its stream, at the place of a topic that has no log yet
    public async Task Leader_misses_nothing_when_a_tab_comes_that_has_the_first_events_already(bool hasPolled)
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table);
        await using var proxy = await HostProxy.StartAsync(host.BaseAddress);
        await using var profile = await browser.NewProfileAsync();
        var path = $"events/{topic}?from=start";
        var hold = HoldOne(proxy, context => ClientTab.IsPoll(context) != hasPolled);
        var leader = await ClientTab.OpenAsync(profile, proxy.BaseAddress, path);
        await proxy.Faults.ReachesAsync(hasPolled ? 2 : 1);

        var (follower, expected) = await OpenAheadAsync(host.Client, profile, proxy, path, leader, hold);

        foreach (var tab in new[] { leader, follower })
            Assert.Equal(expected, await tab.ReadEventsAsync(2));
    }

    [SkippableFact]
    public async Task Leader_is_told_of_a_deletion_when_a_tab_comes_that_is_in_the_new_log_already()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, "Stream__Retry=00:00:00.100");
        await using var proxy = await HostProxy.StartAsync(host.BaseAddress);
        await using var profile = await browser.NewProfileAsync();
        var path = $"events/{topic}?from=start";
        var leader = await ClientTab.OpenLiveAsync(profile, proxy.BaseAddress, path);
        var old = await host.Client.PublishAsync(topic, "old");
        await leader.ReadEventsAsync(1);
        var hold = HoldOne(proxy, context => !ClientTab.IsPoll(context));
        proxy.Cut();
        await proxy.Faults.ReachesAsync(1);
        await host.Client.DeleteTopicAsync(topic);

        var (follower, expected) = await OpenAheadAsync(host.Client, profile, proxy, path, leader, hold);

        Assert.Equal(expected, await follower.ReadEventsAsync(2));
        Assert.Equal([new SseMessage(old, "message", "old"), .. expected], await leader.ReadEventsAsync(3));
        Assert.Equal((1, 0), (await leader.EvaluateAsync<int>("resets.length"), await follower.EvaluateAsync<int>("resets.length")));
    }

    [SkippableFact]
    public async Task Tab_opens_when_its_leader_does_not_listen_for_the_type_of_the_topics_first_event()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, "Stream__Retry=00:00:00.100");
        await using var profile = await browser.NewProfileAsync();
        var leader = await ClientTab.OpenLiveAsync(profile, host.BaseAddress, $"events/{topic}");
        await host.Client.PublishAsync(topic, "nobody listens", type: "other");

        var follower = await ClientTab.OpenLiveAsync(profile, host.BaseAddress, $"events/{topic}");
        var id = await host.Client.PublishAsync(topic, "0");

        foreach (var tab in new[] { leader, follower })
            Assert.Equal([new SseMessage(id, "message", "0")], await tab.ReadEventsAsync(1));
        await host.Client.WaitForOpenStreamsAsync(1);
    }

    [SkippableTheory] // Chromium has six connections to a host at most, and each tab polls before it listens.
    [InlineData(4, "{ share: 'one' }", "{ share: 'two' }", "{}", "{ share: true }", "{ withCredentials: true }")]
    [InlineData(3, "{ token: () => 'any' }", "{ token: () => 'any' }", "{ share: false }")]
    public async Task Tabs_have_connections_of_their_own_when_they_have_a_token_or_different_circles(int connections, params string[] options)
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table);
        await using var profile = await browser.NewProfileAsync();
        var tabs = new List<ClientTab>();
        foreach (var each in options)
            tabs.Add(await ClientTab.OpenAsync(profile, host.BaseAddress, $"events/{topic}", each));

        await AssertConnectionsAsync(host, tabs, connections);
    }

    [SkippableFact]
    public async Task Tab_has_a_connection_of_its_own_when_there_are_no_locks()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table);
        await using var profile = await browser.NewProfileAsync();
        var tab = await ClientTab.OpenAsync(profile, host.BaseAddress, $"events/{topic}");
        var insecure = await ClientTab.NewAsync(profile, host.BaseAddress);
        await insecure.EvaluateAsync<bool>("Object.defineProperty(navigator, 'locks', { value: undefined }) && true");
        await insecure.OpenAsync($"events/{topic}");

        await AssertConnectionsAsync(host, [tab, insecure], 2);
    }

    private async Task AssertConnectionsAsync(TestHost host, List<ClientTab> tabs, int connections)
    {
        foreach (var tab in tabs)
            await tab.WaitUntilOpenAsync();

        var ids = await host.Client.PublishAllAsync(topic, "0");

        foreach (var tab in tabs)
            Assert.Equal([new SseMessage(ids[0], "message", "0")], await tab.ReadEventsAsync(1));
        await host.Client.WaitForOpenStreamsAsync(connections);
    }

    /// <summary>
    /// Opens a tab that gets the log's first event while the leader's request is held, lets that go on when the leader has heard where
    /// the tab is, and publishes another event.
    /// </summary>
    /// <returns>The tab, and the two events.</returns>
    private async Task<(ClientTab Follower, List<SseMessage> Events)> OpenAheadAsync(
        HttpClient publisher, IBrowserContext profile, HostProxy proxy, string path, ClientTab leader, TaskCompletionSource held)
    {
        await leader.CountHeardAsync(path, which: "data.cursor");
        var ids = new List<string>(await publisher.PublishAllAsync(topic, "0"));
        var follower = await ClientTab.OpenAsync(profile, proxy.BaseAddress, path);
        await follower.ReadEventsAsync(1);
        await leader.WaitUntilAsync("heard > 0");
        held.SetResult();
        ids.AddRange(await publisher.PublishAllAsync(topic, "1"));
        return (follower, [.. ids.Select((id, i) => new SseMessage(id, "message", $"{i}"))]);
    }

    /// <summary>Holds the first stream request that is meant until the result is set.</summary>
    private static TaskCompletionSource HoldOne(HostProxy proxy, Func<HttpContext, bool> isMeant)
    {
        var (held, goesOn) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        proxy.Fault = async context =>
        {
            if (isMeant(context) && Interlocked.Exchange(ref held, 1) == 0)
                await goesOn.Task;
            await proxy.ForwardAsync(context);
        };
        return goesOn;
    }
}
