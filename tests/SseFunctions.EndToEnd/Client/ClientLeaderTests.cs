using SseFunctions.TestSupport;
using Xunit.Abstractions;

namespace SseFunctions.EndToEnd.Client;

/// <summary>Which of the tabs that share by client.js has the connection, and how another takes it over.</summary>
public sealed class ClientLeaderTests(Chromium browser, ITestOutputHelper output) : IClassFixture<Chromium>
{
    private static readonly DateTime Morning = new(2026, 1, 1, 8, 0, 0, DateTimeKind.Utc);

    private readonly string table = TestStorage.NewTableName();
    private readonly string topic = TopicApi.NewTopic();

    [SkippableTheory]
    [InlineData("close")]
    [InlineDataInFull("crash")]
    [InlineData("freeze")]
    public async Task Tabs_miss_and_repeat_nothing_when_leaders_go_at_random_moments(string how)
    {
        var handovers = Thoroughness.Choose(brief: 2, full: 3);
        Chromium.SkipIfMissing();
        output.WriteLine(FuzzSeed.Hint);
        var random = new Random(FuzzSeed.Value);
        await using var host = await TestHost.StartOnAsync(table, "Stream__Retry=00:00:00.100");
        await using var profile = await browser.NewProfileAsync();
        var tabs = new List<ClientTab>();
        for (var i = 0; i <= handovers; i++)
        {
            tabs.Add(await ClientTab.OpenAsync(profile, host.BaseAddress, $"events/{topic}?from=start"));
            await tabs[i].WaitUntilOpenAsync();
        }

        var frozen = new List<ClientTab>();
        await using var publisher = new SteadyPublisher(host.Client, topic);
        for (var i = 0; i < handovers; i++)
        {
            await publisher.Acknowledged.ReachesAsync(publisher.Acknowledged.Count + random.Next(1, 40));
            var leader = await ClientTab.LeaderAsync(tabs);
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

            await ClientTab.LeaderAsync(tabs);
        }

        var ids = await publisher.StopAsync();
        foreach (var tab in frozen)
            await TellAsync(tab, "resume");
        foreach (var tab in tabs.Concat(frozen))
            Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), await tab.ReadEventsAsync(ids.Count));
    }

    [SkippableFact]
    public async Task Leader_goes_back_for_a_tab_that_is_behind_and_the_others_get_nothing_twice()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table);
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
        var late = await ClientTab.NewAsync(profile, host.BaseAddress);
        await late.EvaluateAsync<bool>($$"""
            window.heard = [];
            window.channel = new BroadcastChannel('{{ClientTab.ChannelOf(host.BaseAddress, $"events/{topic}")}}');
            channel.onmessage = ({ data }) => data.event?.data && heard.push(data.event.data);
            channel.postMessage({ types: ['message'], cursor: '{{ids[0]}}' });
            true
            """);
        await late.WaitUntilAsync("heard.length >= 2");
        ids = [.. ids, .. await host.Client.PublishAllAsync(topic, "3")];

        foreach (var tab in tabs)
            Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), await tab.ReadEventsAsync(4));
        await late.WaitUntilAsync("heard.length >= 3");
        Assert.Equal("1,2,3", await late.EvaluateAsync<string>("heard.join()"));
    }

    [SkippableFact]
    public async Task Stopped_page_asks_for_nothing_and_goes_on_where_it_was()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table);
        await using var profile = await browser.NewProfileAsync();
        var tab = await ClientTab.OpenLiveAsync(profile, host.BaseAddress, $"events/{topic}");
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
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table);
        await using var profile = await browser.NewProfileAsync();
        var leader = await ClientTab.OpenLiveAsync(profile, host.BaseAddress, $"events/{topic}");
        var follower = await ClientTab.OpenLiveAsync(profile, host.BaseAddress, $"events/{topic}");

        var steals = await follower.StealsAtAsync(TimeSpan.FromMinutes(10), wake + "document.dispatchEvent(new Event('visibilitychange'))");

        Assert.Equal(0, steals);
        var ids = await host.Client.PublishAllAsync(topic, "0");
        foreach (var tab in new[] { leader, follower })
            Assert.Equal([new SseMessage(ids[0], "message", "0")], await tab.ReadEventsAsync(1));
    }

    [SkippableFact]
    public async Task Tab_takes_the_lock_of_a_leader_from_which_nothing_comes_while_it_is_awake()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table);
        await using var profile = await browser.NewProfileAsync();
        var leader = await ClientTab.OpenLiveAsync(profile, host.BaseAddress, $"events/{topic}");
        var follower = await ClientTab.OpenLiveAsync(profile, host.BaseAddress, $"events/{topic}");

        // Within one script, so that the leader, which is well, tells it nothing meanwhile.
        var steals = await follower.StealsAtAsync(TimeSpan.FromSeconds(80), """
            for (let i = 0; i < 5; i++) {
              document.dispatchEvent(new Event('visibilitychange'));
              const before = Date.now;
              Date.now = () => before() + 80_000;
            }
            """);

        Assert.Equal(1, steals);
        await ClientTab.LeaderAsync([follower]);
    }

    [SkippableFact]
    public async Task Tabs_of_several_topics_miss_and_repeat_nothing_when_leaders_go()
    {
        Chromium.SkipIfMissing();
        var other = TopicApi.NewTopic();
        await using var host = await TestHost.StartOnAsync(table, "Stream__Retry=00:00:00.100");
        await using var profile = await browser.NewProfileAsync();
        var tabs = new List<ClientTab>();
        for (var i = 0; i < 3; i++)
            tabs.Add(await ClientTab.OpenAsync(profile, host.BaseAddress, $"events?topic={topic}&topic={other}&from=start"));
        await using var publisher = new SteadyPublisher(host.Client, topic);
        await using var otherPublisher = new SteadyPublisher(host.Client, other);

        for (var i = 0; i < 2; i++)
        {
            await publisher.Acknowledged.ReachesAsync(publisher.Acknowledged.Count + 10);
            var leader = await ClientTab.LeaderAsync(tabs);
            tabs.Remove(leader);
            await leader.Page.CloseAsync();
            await ClientTab.LeaderAsync(tabs);
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

    /// <summary>
    /// Nothing comes for ten minutes: the topic is quiet. Tabs of a profile have one clock. By it the leader, whose server goes by the
    /// real time, connects anew now and then.
    /// </summary>
    [SkippableFact]
    public async Task Follower_leaves_the_lock_to_a_leader_that_lives_however_quiet_the_topic_is()
    {
        const int Minutes = 10;
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table);
        await using var profile = await browser.NewProfileAsync();
        await profile.Clock.InstallAsync(new() { TimeDate = Morning });
        await profile.Clock.PauseAtAsync(Morning.AddHours(1));
        var (leader, follower) = (await ClientTab.NewAsync(profile, host.BaseAddress), await ClientTab.NewAsync(profile, host.BaseAddress));
        foreach (var tab in new[] { leader, follower })
        {
            await tab.OpenAsync($"events/{topic}");
            await RunUntilAsync(tab, "events.readyState === 1");
        }

        await follower.CountHeardAsync($"events/{topic}");
        await follower.CountStealsAsync();
        for (var minute = 0; minute < Minutes; minute++)
        {
            var heard = await follower.EvaluateAsync<int>("heard");
            for (var step = 0; step < 24; step++)
            {
                await RunUntilAsync(leader, ClientTab.Streams);
                await profile.Clock.RunForAsync(2_500); // less than a stream has to open, as it may begin to now
            }

            await follower.WaitUntilAsync($"heard > {heard}");
        }

        Assert.Equal(0, await follower.EvaluateAsync<int>("steals"));
        await RunUntilAsync(leader, ClientTab.Streams);
        await host.Client.WaitForOpenStreamsAsync(1);
    }

    /// <summary>
    /// Runs the profile's clock until a condition holds in a tab, which may wait before it connects again. It takes its time: a stream that
    /// is opening stops it, and a step is no longer than what the browser needs for it, so that by this clock no poll takes long.
    /// </summary>
    private static async Task RunUntilAsync(ClientTab tab, string condition)
    {
        using var end = new CancellationTokenSource(SseStream.Timeout);
        while (!await tab.EvaluateAsync<bool>(condition))
        {
            Assert.False(end.IsCancellationRequested, $"Waited in vain until {condition}.");
            await tab.WaitUntilAsync($"{ClientTab.Streams} || !({ClientTab.Leads})");
            await tab.Page.Clock.RunForAsync(10);
        }
    }

    /// <summary>Tells the page what Chromium tells one that it freezes; DevTools' Page.setWebLifecycleState does not freeze a visible one.</summary>
    private static async Task TellAsync(ClientTab tab, string type) => await tab.EvaluateAsync<bool>($"document.dispatchEvent(new Event('{type}'))");
}
