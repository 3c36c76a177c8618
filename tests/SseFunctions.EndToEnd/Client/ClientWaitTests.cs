using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Client;

/// <summary>When client.js in Chromium asks again, and when it waits.</summary>
public sealed class ClientWaitTests(Chromium browser) : IClassFixture<Chromium>
{
    private readonly string table = TestStorage.NewTableName();
    private readonly string topic = TopicApi.NewTopic();

    [SkippableFact]
    public async Task Client_opens_a_new_connection_when_the_page_has_slept_and_the_old_one_is_dead()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table);
        await using var proxy = await HostProxy.StartAsync(host.BaseAddress);
        await using var profile = await browser.NewProfileAsync();
        var tab = await ClientTab.NewAsync(profile, proxy.BaseAddress);
        await tab.Page.Clock.InstallAsync();
        await tab.OpenAsync($"events/{topic}", "{ share: false }");
        // A connection that stays open, and on which nothing comes any more: what remains after the network has changed.
        proxy.Fault = async context =>
        {
            if (ClientTab.IsPoll(context))
            {
                await proxy.ForwardAsync(context);
                return;
            }

            context.Response.ContentType = "text/event-stream";
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        };
        proxy.Cut();
        await tab.WaitUntilAsync("sources.length >= 1 && events.readyState === 1");
        await proxy.Faults.ReachesAsync(1);
        var ids = await host.Client.PublishAllAsync(topic, "0");
        proxy.Fault = null;
        Assert.Empty(await tab.SeenAsync());

        await tab.Page.Clock.FastForwardAsync("02:00"); // more than a background tab's minute, less than a response's life

        Assert.Equal([new SseMessage(ids[0], "message", "0")], await tab.ReadEventsAsync(1));
        await tab.WaitUntilOpenAsync();
    }

    [SkippableTheory]
    [InlineDataInFull("window", "online")]
    [InlineData("document", "visibilitychange")]
    public async Task Client_polls_at_once_when_there_is_hope_however_often_it_has_failed(string target, string type)
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, "Stream__Retry=00:00:00.100");
        await using var proxy = await HostProxy.StartAsync(host.BaseAddress);
        await using var profile = await browser.NewProfileAsync();
        var tab = await ClientTab.OpenLiveAsync(profile, proxy.BaseAddress, $"events/{topic}");
        await tab.EvaluateAsync<bool>("(Math.random = () => 1) && true"); // each retry waits as long as it may
        proxy.Answer(502);
        proxy.Cut();
        await tab.WaitUntilAsync("errors.filter(([, status]) => status === 502).length >= 3");
        proxy.Fault = null;

        Assert.Equal(1, await tab.FetchesAtAsync($"{target}.dispatchEvent(new Event('{type}'))"));
        await tab.WaitUntilOpenAsync();
    }

    [SkippableFact]
    public async Task Client_leaves_a_plain_reconnect_to_the_browser()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, "Stream__Retry=00:00:00.100", "Stream__Lifetime=00:00:01");
        await using var proxy = await HostProxy.StartAsync(host.BaseAddress);
        await using var profile = await browser.NewProfileAsync();
        var tab = await ClientTab.OpenAsync(profile, proxy.BaseAddress, $"events/{topic}");

        await tab.WaitUntilAsync("opened >= 4");

        Assert.Equal(1, await tab.EvaluateAsync<int>("sources.length"));
        var streams = proxy.Requests.SkipWhile(IsPoll).ToList();
        Assert.True(streams.Count >= 4, $"{streams.Count}");
        Assert.DoesNotContain(streams, request => IsPoll(request));
    }

    [SkippableFact]
    public async Task Client_waits_as_short_as_at_first_when_it_fails_again_after_it_was_open()
    {
        const int Failures = 8;
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, "Stream__Retry=00:00:00.100");
        await using var proxy = await HostProxy.StartAsync(host.BaseAddress);
        await using var profile = await browser.NewProfileAsync();
        var tab = await ClientTab.OpenLiveAsync(profile, proxy.BaseAddress, $"events/{topic}");
        await tab.RecordWaitsAsync(random: 0.001);
        for (var closing = 0; closing < 2; closing++)
        {
            proxy.Answer(502);
            proxy.Cut();
            await proxy.Faults.ReachesAsync(proxy.Faults.Count + Failures);
            proxy.Fault = null;
            await tab.WaitUntilOpenAsync();
        }

        var waits = await tab.EvaluateAsync<double[]>("waits.filter(wait => wait < 1000)"); // not those for a stream to open

        // A thousandth of 1 s, of twice that with each failure, and of 30 s at most.
        Assert.Equal([1, 2, 4, 8, 16, 30, 30], waits.Take(7));
        Assert.Equal(2, waits.Count(wait => wait == 1));
    }

    /// <summary>Such as a server that has too many streams open.</summary>
    [SkippableFact]
    public async Task Client_asks_for_nothing_when_the_server_has_told_the_browser_to_wait_for_long()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, "Stream__Retry=01:00:00", "Stream__Lifetime=00:00:01");
        await using var profile = await browser.NewProfileAsync();
        var tab = await ClientTab.NewAsync(profile, host.BaseAddress);
        await tab.Page.Clock.InstallAsync();
        await tab.OpenAsync($"events/{topic}");
        await tab.WaitUntilAsync("opened === 1 && events.readyState === 0");
        await tab.CountFetchesAsync();

        await tab.Page.Clock.RunForAsync("15:00");

        Assert.Equal(0, await tab.EvaluateAsync<int>("fetches"));
        Assert.Equal(1, await tab.EvaluateAsync<int>("sources.length"));
    }

    /// <summary>A request is made after a wait, for which a timer is set at once.</summary>
    [SkippableFact]
    public async Task Client_waits_for_nothing_more_when_the_page_closes_it_at_an_error()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table);
        await using var proxy = await HostProxy.StartAsync(host.BaseAddress);
        await using var profile = await browser.NewProfileAsync();
        var tab = await ClientTab.OpenLiveAsync(profile, proxy.BaseAddress, $"events/{topic}");
        await tab.RecordWaitsAsync(random: 0.5);
        await tab.Page.EvaluateAsync("""
            () => {
              events.onerror = () => {
                const before = waits.length;
                events.close();
                queueMicrotask(() => window.added = waits.length - before);
              };
            }
            """);

        proxy.Cut();

        await tab.WaitUntilAsync("window.added !== undefined");
        Assert.Equal(0, await tab.EvaluateAsync<int>("added"));
    }

    [SkippableFact]
    public async Task Client_asks_again_when_nothing_has_come_on_an_open_connection_for_longer_than_a_response_lasts()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table);
        await using var profile = await browser.NewProfileAsync();
        var tab = await ClientTab.NewAsync(profile, host.BaseAddress);
        await tab.Page.Clock.InstallAsync();
        await tab.Page.Clock.PauseAtAsync(DateTime.UtcNow.AddHours(1)); // else the time of these steps would count
        await tab.OpenAsync($"events/{topic}", "{ share: false }");
        await tab.WaitUntilOpenAsync();
        await tab.CountFetchesAsync();

        await tab.Page.Clock.RunForAsync("03:50");
        Assert.Equal(0, await tab.EvaluateAsync<int>("fetches"));
        await tab.Page.Clock.RunForAsync("00:30");

        Assert.Equal(1, await tab.EvaluateAsync<int>("fetches"));
    }

    private static bool IsPoll(string request) => request.Contains("mode=poll", StringComparison.Ordinal);
}
