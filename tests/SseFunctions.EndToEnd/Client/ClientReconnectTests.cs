using Microsoft.AspNetCore.Http;
using Microsoft.Playwright;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Client;

/// <summary>client.js in Chromium through what closes an EventSource for good.</summary>
public sealed class ClientReconnectTests(Chromium browser) : IClassFixture<Chromium>
{
    private readonly string table = TestStorage.NewTableName();
    private readonly string topic = TopicApi.NewTopic();

    [SkippableTheory]
    [InlineDataInFull(429, "text/plain")]
    [InlineDataInFull(500, "text/plain")]
    [InlineDataInFull(502, "text/html")]
    [InlineData(503, "text/event-stream")]
    [InlineData(200, "text/html")] // such as a hotel's login page
    public async Task Client_reconnects_and_misses_and_repeats_nothing_when_a_proxy_has_closed_the_EventSource(int status, string contentType)
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, "Stream__Retry=00:00:00.100");
        await using var proxy = await HostProxy.StartAsync(host.BaseAddress);
        await using var profile = await browser.NewProfileAsync();
        var tab = await ClientTab.OpenLiveAsync(profile, proxy.BaseAddress, $"events/{topic}");
        var before = await host.Client.PublishAllAsync(topic, "0", "1");
        await tab.ReadEventsAsync(2);

        proxy.Answer(status, contentType);
        proxy.Cut();
        await tab.WaitUntilAsync("sources.at(-1).readyState === 2");
        var meanwhile = await host.Client.PublishAllAsync(topic, "2", "3");
        await proxy.Faults.ReachesAsync(3);
        Assert.Equal(0, await tab.EvaluateAsync<int>("events.readyState"));
        proxy.Fault = null;
        await tab.ReadEventsAsync(4);
        await tab.WaitUntilOpenAsync();
        var after = await host.Client.PublishAllAsync(topic, "4");

        var ids = before.Concat(meanwhile).Concat(after).ToList();
        Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), await tab.ReadEventsAsync(5));
        Assert.Equal(ids[^1], await tab.EvaluateAsync<string>("events.lastEventId"));
        if (status != 200)
            Assert.True(await tab.EvaluateAsync<bool>($"errors.some(([state, status]) => state === 0 && status === {status})"));
    }

    [SkippableFact]
    public async Task Client_leaves_the_half_of_a_frame_with_which_a_poll_ends_to_the_stream()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table);
        await using var proxy = await HostProxy.StartAsync(host.BaseAddress);
        await using var profile = await browser.NewProfileAsync();
        var ids = await host.Client.PublishAllAsync(topic, "whole", "half");
        proxy.Fault = async context =>
        {
            proxy.Fault = null;
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync($"retry: 1\n\nid: {ids[0]}\ndata: whole\n\nid: {ids[1]}\ndata: ha");
        };

        var tab = await ClientTab.OpenAsync(profile, proxy.BaseAddress, $"events/{topic}?from=start");

        Assert.Equal([new(ids[0], "message", "whole"), new(ids[1], "message", "half")], await tab.ReadEventsAsync(2));
    }

    [SkippableFact]
    public async Task Client_misses_nothing_when_the_EventSource_is_closed_before_the_first_event()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, "Stream__Retry=00:00:00.100");
        await using var proxy = await HostProxy.StartAsync(host.BaseAddress);
        await using var profile = await browser.NewProfileAsync();
        var tab = await ClientTab.OpenLiveAsync(profile, proxy.BaseAddress, $"events/{topic}");

        proxy.Answer(502);
        proxy.Cut();
        await tab.WaitUntilAsync("sources.at(-1).readyState === 2");
        var ids = await host.Client.PublishAllAsync(topic, "0", "1");
        proxy.Fault = null;

        Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), await tab.ReadEventsAsync(2));
    }

    [SkippableFact]
    public async Task Client_misses_and_repeats_nothing_when_the_network_is_away()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, "Stream__Retry=00:00:00.100");
        await using var profile = await browser.NewProfileAsync();
        var tab = await ClientTab.OpenLiveAsync(profile, host.BaseAddress, $"events/{topic}");
        var before = await host.Client.PublishAllAsync(topic, "0");
        await tab.ReadEventsAsync(1);

        await profile.SetOfflineAsync(true);
        await tab.WaitUntilAsync("!navigator.onLine");
        var meanwhile = await host.Client.PublishAllAsync(topic, "1", "2");
        await profile.SetOfflineAsync(false);
        await tab.WaitUntilAsync("sources.length >= 2 && events.readyState === 1");
        var after = await host.Client.PublishAllAsync(topic, "3");

        var ids = before.Concat(meanwhile).Concat(after).ToList();
        Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), await tab.ReadEventsAsync(4));
    }

    [SkippableFact]
    public async Task Client_is_complete_when_the_topic_is_complete_and_read()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, "Stream__Retry=00:00:00.100");
        await using var proxy = await HostProxy.StartAsync(host.BaseAddress);
        await using var profile = await browser.NewProfileAsync();
        var tab = await ClientTab.OpenAsync(profile, proxy.BaseAddress, $"events/{topic}?from=start");
        var follower = await ClientTab.OpenAsync(profile, proxy.BaseAddress, $"events/{topic}?from=start");
        var ids = await host.Client.PublishAllAsync(topic, "0", "1");
        await host.Client.CompleteAsync(topic);

        foreach (var each in new[] { tab, follower })
        {
            await each.WaitUntilAsync("completed > 0");
            Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), await each.SeenAsync());
            Assert.Equal(2, await each.EvaluateAsync<int>("events.readyState"));
            Assert.Equal(1, await each.EvaluateAsync<int>("completed"));
            Assert.Equal(0, await each.EvaluateAsync<int>("errors.filter(([state]) => state === 2).length"));
        }

        await host.Client.WaitForOpenStreamsAsync(0);
    }

    [SkippableFact]
    public async Task Client_closes_and_says_the_status_when_the_request_is_bad()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table);
        await using var profile = await browser.NewProfileAsync();

        var tab = await ClientTab.OpenAsync(profile, host.BaseAddress, "events/no~topic");

        await tab.WaitUntilAsync("events.readyState === 2 && errors.length > 0");
        Assert.Equal("[[2,400]]", await tab.EvaluateAsync<string>("JSON.stringify(errors)"));
    }

    [SkippableTheory]
    [InlineDataInFull("not-issued-here", "unknown")]
    [InlineData("zzzzzz-7", "epoch")]
    public async Task Client_reports_a_gap_and_goes_on_after_it(string lastEventId, string reason)
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table);
        await using var profile = await browser.NewProfileAsync();
        var ids = await host.Client.PublishAllAsync(topic, "0", "1");
        var oldest = $"{PublishedId.Parse(ids[0]) with { Sequence = 0 }}";

        var tab = await ClientTab.OpenAsync(profile, host.BaseAddress, $"events/{topic}?lastEventId={lastEventId}");

        Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), await tab.ReadEventsAsync(2));
        Assert.Equal($"""[["{topic}","{reason}",null,"{oldest}","{oldest}"]]""", await tab.EvaluateAsync<string>("JSON.stringify(resets)"));
    }

    /// <summary>Else a quiet filter's client comes back with an id from which the topic has long been cleaned.</summary>
    [SkippableFact]
    public async Task Tabs_whose_filter_leaves_everything_out_come_back_from_where_their_stream_is()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, "Stream__Heartbeat=00:00:01");
        await using var profile = await browser.NewProfileAsync();
        var leader = await ClientTab.OpenLiveAsync(profile, host.BaseAddress, $"events/{topic}?type=alarm", "{}", "alarm");
        var follower = await ClientTab.OpenLiveAsync(profile, host.BaseAddress, $"events/{topic}?type=alarm", "{}", "alarm");

        var left = await LeaveOutAsync("0", "1");
        var again = await leader.Page.RunAndWaitForRequestAsync(() => leader.EvaluateAsync<bool>("dispatchEvent(new Event('online'))"), IsForEvents);
        await leader.WaitUntilOpenAsync();
        var later = await LeaveOutAsync("2");
        var takenOver = await follower.Page.RunAndWaitForRequestAsync(() => leader.Page.CloseAsync(), IsForEvents);
        var alarm = await host.Client.PublishAsync(topic, "3", type: "alarm");

        Assert.Contains($"lastEventId={left}", again.Url, StringComparison.Ordinal);
        Assert.Contains($"lastEventId={later}", takenOver.Url, StringComparison.Ordinal);
        Assert.Equal([new SseMessage(alarm, "alarm", "3")], await follower.ReadEventsAsync(1));

        async Task<string> LeaveOutAsync(params string[] data)
        {
            var last = (await host.Client.PublishAllAsync(topic, data))[^1];
            await leader.WaitUntilAsync($"events.lastEventId === '{last}'");
            await follower.WaitUntilAsync($"events.lastEventId === '{last}'");
            return last;
        }

        static bool IsForEvents(IRequest request) => request.Url.Contains("/events/", StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Client_goes_on_where_it_was_when_the_page_is_loaded_again_and_the_cursor_is_stored()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table);
        await using var profile = await browser.NewProfileAsync();
        var tab = await ClientTab.OpenLiveAsync(profile, host.BaseAddress, $"events/{topic}", "{ storage: sessionStorage }");
        await host.Client.PublishAllAsync(topic, "before");
        await tab.ReadEventsAsync(1);

        await tab.Page.GotoAsync("about:blank");
        var meanwhile = await host.Client.PublishAllAsync(topic, "0", "1");
        await tab.Page.GotoAsync(new Uri(host.BaseAddress, "health").AbsoluteUri);
        await tab.OpenAsync($"events/{topic}", "{ storage: sessionStorage }");

        Assert.Equal(meanwhile.Select((id, i) => new SseMessage(id, "message", $"{i}")), await tab.ReadEventsAsync(2));
    }

    [SkippableTheory]
    [InlineData("getItem")]
    [InlineData("setItem")]
    public async Task Client_dispatches_every_event_when_the_storage_refuses(string member)
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table);
        await using var profile = await browser.NewProfileAsync();
        var polled = await host.Client.PublishAllAsync(topic, "0", "1");
        var options = "{ share: false, storage: { getItem: () => null, setItem() { }, " + member + "() { throw new DOMException('full', 'QuotaExceededError'); } } }";

        var tab = await ClientTab.OpenLiveAsync(profile, host.BaseAddress, $"events/{topic}?from=start", options);
        var streamed = await host.Client.PublishAllAsync(topic, "2");

        Assert.Equal(polled.Concat(streamed).Select((id, i) => new SseMessage(id, "message", $"{i}")), await tab.ReadEventsAsync(3));
    }
}
