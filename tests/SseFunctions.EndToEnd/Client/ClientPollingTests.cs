using Microsoft.AspNetCore.Http;
using Microsoft.Playwright;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Client;

/// <summary>client.js in Chromium where a stream does not open, since something on the way holds responses back: it polls.</summary>
public sealed class ClientPollingTests(Chromium browser) : IClassFixture<Chromium>
{
    private const string Polls = "Stream__LongPoll=00:00:02";
    private const string NotOpening = "00:06";
    private const string NextTrial = "10:00";

    /// <summary>10 s, and fifteen times what a poll has been told at a reconnection time of 100 ms: 150 ms at most.</summary>
    private const string NotReopening = "00:13";

    private readonly string table = TestStorage.NewTableName();
    private readonly string topic = TopicApi.NewTopic();

    [SkippableTheory]
    [InlineDataInFull("{ share: false }")]
    [InlineData("{}")]
    public async Task Client_polls_when_a_stream_does_not_open_and_streams_again_when_it_does(string options)
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, Polls);
        await using var proxy = await BufferingProxy.StartAsync(host.BaseAddress);
        await using var profile = await browser.NewProfileAsync();
        var tab = await OpenHeldAsync(profile, proxy, options);
        var ids = new List<string>(await host.Client.PublishAllAsync(topic, "0")); // while the proxy holds the stream

        await tab.Page.Clock.FastForwardAsync(NotOpening);
        await tab.ReadEventsAsync(1);
        await tab.WaitUntilOpenAsync();
        for (var i = 1; i < 4; i++)
        {
            ids.AddRange(await host.Client.PublishAllAsync(topic, $"{i}"));
            await tab.ReadEventsAsync(ids.Count);
        }

        Assert.Equal(1, await tab.EvaluateAsync<int>("sources.length"));
        Assert.Contains(proxy.Requests, IsLongPoll);

        await tab.Page.Clock.FastForwardAsync(NextTrial);
        await tab.WaitUntilAsync("sources.length === 2"); // still held back
        await tab.Page.Clock.FastForwardAsync(NotOpening);
        ids.AddRange(await host.Client.PublishAllAsync(topic, "4"));
        await tab.ReadEventsAsync(ids.Count);

        proxy.PassesOn = true;
        await tab.Page.Clock.FastForwardAsync(NextTrial);
        await tab.WaitUntilAsync("sources.length === 3 && sources[2].readyState === 1");
        ids.AddRange(await host.Client.PublishAllAsync(topic, "5"));

        Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), await tab.ReadEventsAsync(ids.Count));
        Assert.Equal(2, await tab.EvaluateAsync<int>("sources.filter(source => source.readyState === 2).length"));
    }

    [SkippableFact]
    public async Task Tabs_that_share_get_every_event_once_while_their_leader_polls()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, Polls);
        await using var proxy = await BufferingProxy.StartAsync(host.BaseAddress);
        await using var profile = await browser.NewProfileAsync();
        var tabs = new List<ClientTab>();
        for (var i = 0; i < 2; i++)
        {
            tabs.Add(await ClientTab.NewAsync(profile, proxy.BaseAddress));
            await tabs[i].Page.Clock.InstallAsync();
            await tabs[i].OpenAsync($"events/{topic}");
        }

        await tabs[0].WaitUntilAsync("sources.length > 0"); // on a busy machine its time to open may have passed already: the clocks run
        await tabs[0].Page.Clock.FastForwardAsync(NotOpening); // one clock for all tabs of the profile
        foreach (var tab in tabs)
            await tab.WaitUntilOpenAsync();

        var ids = await host.Client.PublishAllAsync(topic, "0", "1", "2");

        foreach (var tab in tabs)
            Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), await tab.ReadEventsAsync(3));
    }

    [SkippableFact]
    public async Task Client_that_polls_is_complete_when_the_topic_is()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, Polls);
        await using var proxy = await BufferingProxy.StartAsync(host.BaseAddress);
        await using var profile = await browser.NewProfileAsync();
        var tab = await OpenHeldAsync(profile, proxy);
        await tab.Page.Clock.FastForwardAsync(NotOpening);
        await tab.WaitUntilOpenAsync();

        await host.Client.PublishAllAsync(topic, "0");
        await host.Client.CompleteAsync(topic);

        await tab.WaitUntilAsync("completed === 1");
        Assert.Single(await tab.SeenAsync());
    }

    /// <summary>Such as a server that has too many streams open. The answers' own time is an hour, and five hours then.</summary>
    [SkippableFact]
    public async Task Client_that_polls_waits_for_as_long_as_the_server_says()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, "Stream__Retry=01:00:00", "Stream__MaxStreams=1");
        await using var proxy = await BufferingProxy.StartAsync(host.BaseAddress);
        await using var profile = await browser.NewProfileAsync();
        var tab = await OpenHeldAsync(profile, proxy);
        await tab.RecordWaitsAsync(random: 0.5);

        await tab.Page.Clock.FastForwardAsync(NotOpening);
        await tab.WaitUntilAsync("waits.some(wait => wait >= 30 * 60_000)");
        await tab.CountFetchesAsync();
        await tab.Page.Clock.RunForAsync("15:00");

        Assert.Equal(0, await tab.EvaluateAsync<int>("fetches"));
    }

    /// <summary>A network that has changed, or a proxy that has come: the first stream was as it should be.</summary>
    [SkippableFact]
    public async Task Client_polls_when_the_stream_with_which_the_browser_reconnects_does_not_open()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, Polls, "Stream__Retry=00:00:00.100");
        await using var proxy = await HostProxy.StartAsync(host.BaseAddress);
        await using var profile = await browser.NewProfileAsync();
        var tab = await ClientTab.NewAsync(profile, proxy.BaseAddress);
        await tab.Page.Clock.InstallAsync();
        await tab.OpenAsync($"events/{topic}", "{ share: false }");
        await tab.WaitUntilOpenAsync();
        proxy.Fault = context => ClientTab.IsPoll(context) ? proxy.ForwardAsync(context) : HoldAsync(context);
        proxy.Cut();
        await proxy.Faults.ReachesAsync(1);
        await tab.WaitUntilAsync("events.readyState === 0");
        var ids = new List<string>(await host.Client.PublishAllAsync(topic, "0"));

        await tab.Page.Clock.FastForwardAsync(NotReopening);
        await tab.ReadEventsAsync(1);
        await tab.WaitUntilOpenAsync();
        ids.AddRange(await host.Client.PublishAllAsync(topic, "1"));
        await tab.ReadEventsAsync(2);

        Assert.Equal(1, await tab.EvaluateAsync<int>("sources.length"));
        Assert.Contains(proxy.Requests, IsLongPoll);
        proxy.Fault = null;
        await tab.Page.Clock.FastForwardAsync(NextTrial);
        await tab.WaitUntilAsync("sources.length === 2 && sources[1].readyState === 1");
        ids.AddRange(await host.Client.PublishAllAsync(topic, "2"));
        Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), await tab.ReadEventsAsync(3));
    }

    [SkippableFact]
    public async Task Client_tries_a_stream_again_at_once_when_it_was_refused_and_not_held_back()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, Polls);
        await using var proxy = await HostProxy.StartAsync(host.BaseAddress);
        await using var profile = await browser.NewProfileAsync();
        var tab = await ClientTab.NewAsync(profile, proxy.BaseAddress);
        await tab.Page.Clock.InstallAsync();
        proxy.Fault = context =>
        {
            if (ClientTab.IsPoll(context))
                return proxy.ForwardAsync(context);

            context.Abort();
            return Task.CompletedTask;
        };
        await tab.OpenAsync($"events/{topic}", "{ share: false }");
        await tab.WaitUntilAsync("errors.length > 0");

        await tab.Page.Clock.FastForwardAsync(NotOpening);
        await tab.WaitUntilAsync("sources.length >= 2");
        proxy.Fault = null;

        await tab.WaitUntilAsync("sources.at(-1).readyState === 1");
        Assert.DoesNotContain(proxy.Requests, IsLongPoll);
    }

    /// <summary>A client without a cursor has nothing from such an answer but the time.</summary>
    [SkippableFact]
    public async Task Client_whose_first_poll_is_turned_away_waits_for_as_long_as_the_server_says()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, "Stream__Retry=01:00:00", "Stream__MaxStreamsPerAddress=1");
        await using var held = await SseStream.OpenAsync(host.Client, $"events/{topic}");
        await using var profile = await browser.NewProfileAsync();
        var tab = await ClientTab.NewAsync(profile, host.BaseAddress);
        await tab.Page.Clock.InstallAsync();
        await tab.RecordWaitsAsync(random: 0.5);

        await tab.OpenAsync($"events/{topic}");
        await tab.WaitUntilAsync("waits.some(wait => wait >= 30 * 60_000)");
        await tab.CountFetchesAsync();
        await tab.Page.Clock.RunForAsync("15:00");

        Assert.Equal(0, await tab.EvaluateAsync<int>("fetches"));
    }

    [SkippableFact]
    public async Task Client_takes_a_polls_events_as_they_come()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table);
        await using var proxy = await HostProxy.StartAsync(host.BaseAddress);
        await using var profile = await browser.NewProfileAsync();
        var (seen, rest) = (new TaskCompletionSource(), new SseMessage("abc123-2", "message", "2"));
        proxy.Fault = async context =>
        {
            proxy.Fault = null;
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync("retry: 1\n: x\nid: abc123-1\ndata: 1\n\nid: abc123-2\nda");
            await context.Response.Body.FlushAsync();
            await seen.Task.WaitAsync(SseStream.Timeout);
            await context.Response.WriteAsync("ta: 2\n\n");
        };

        var tab = await ClientTab.OpenAsync(profile, proxy.BaseAddress, $"events/{topic}");

        Assert.Equal([new("abc123-1", "message", "1")], await tab.ReadEventsAsync(1));
        seen.SetResult();
        Assert.Equal(rest, (await tab.ReadEventsAsync(2))[1]);
    }

    /// <summary>Opens a page whose stream the proxy holds back, and whose clock the test may put forward.</summary>
    private async Task<ClientTab> OpenHeldAsync(IBrowserContext profile, BufferingProxy proxy, string options = "{ share: false }")
    {
        var tab = await ClientTab.NewAsync(profile, proxy.BaseAddress);
        await tab.Page.Clock.InstallAsync();
        await tab.OpenAsync($"events/{topic}", options);
        await tab.WaitUntilAsync("sources.length === 1");
        return tab;
    }

    private static Task HoldAsync(HttpContext context) =>
        Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);

    private static bool IsLongPoll(string request) => request.Contains("mode=long-poll", StringComparison.Ordinal);
}
