using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Demo;

/// <summary>The demo page in Chromium, against hosts of its own, whose streams end soon, which are killed, or which refuse.</summary>
public sealed class DemoPageHostTests(Chromium browser) : IClassFixture<Chromium>
{
    private readonly string table = TestStorage.NewTableName();

    [SkippableFact]
    public async Task Demo_page_draws_each_connection_and_the_waits_between_when_responses_end()
    {
        const int Connections = 4;
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, "Stream__Lifetime=00:00:02", "Stream__Retry=00:00:00.200");
        await using var tab = await DemoTab.OpenLiveAsync(browser, host.BaseAddress);
        await using var publisher = new SteadyPublisher(host.Client, "demo");

        await tab.WaitUntilAsync("min => document.querySelectorAll('#bars .bar').length >= min", Connections);
        var ids = await publisher.StopAsync();

        await tab.WaitUntilAsync("id => document.getElementById('cursor').textContent.includes(`.${id}.`)", ids[^1]);
        Assert.True(await tab.CountAsync("#bars .gone.ended") >= Connections - 1);
        Assert.Equal(0, await tab.CountAsync("#marks .mark.failure"));
        await tab.AssertWellAsync();
    }

    [SkippableFact]
    public async Task Demo_page_marks_failed_attempts_and_catches_up_when_its_host_is_killed_and_started_again()
    {
        Chromium.SkipIfMissing();
        await using var publishing = await TestHost.StartOnAsync(table);
        await using var streaming = await LocalHostProcess.StartAsync(table, "Stream__Retry=00:00:00.200");
        await using var tab = await DemoTab.OpenLiveAsync(browser, streaming.BaseAddress);

        await streaming.KillAsync();
        await tab.WaitForStateAsync("waiting");
        await tab.WaitUntilAsync("() => document.querySelectorAll('#marks .mark.failure').length >= 2");
        await publishing.Client.PublishAllAsync("demo", "while it was down");
        await using var clock = await SseStream.OpenAsync(publishing.Client, "events/clock");
        var tick = await clock.ReadEventAsync();
        await using var again = await streaming.StartAgainAsync();

        await tab.WaitForEventAsync("while it was down");
        Assert.Equal("how caughtUp", await tab.WaitForEventAsync(tick!.Data));
        await tab.AssertWellAsync();
    }

    /// <summary>A tick comes late where its host is busy. An event that does not say its time is then no later than it was.</summary>
    [SkippableFact]
    public async Task Demo_page_takes_an_event_for_live_when_a_tick_before_it_is_late()
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.SeldomOnlyInFull);
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, TestHost.NoClock, TestHost.NoRuntime);
        await using var tab = await DemoTab.OpenAsync(browser, host.BaseAddress);
        await tab.WaitForStateAsync("open");

        var (onTime, late) = ($"{DateTime.UtcNow:yyyy-MM-ddTHH:mm:ssZ}", "2020-01-01T00:00:00Z");
        await host.Client.PublishAllAsync("clock", onTime, late);
        Assert.Equal("how live", await tab.WaitForEventAsync(onTime));
        Assert.Equal("how caughtUp", await tab.WaitForEventAsync(late));

        await host.Client.PublishAsync("demo", "now");

        Assert.Equal("how live", await tab.WaitForEventAsync("now"));
        await tab.AssertWellAsync();
    }

    [SkippableFact]
    public async Task Demo_page_counts_what_is_missed_and_what_is_repeated()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, TestHost.NoClock, TestHost.NoRuntime);
        await using var tab = await DemoTab.OpenAsync(browser, host.BaseAddress, page => page.RouteAsync("**/events?*", async route =>
        {
            var heads = new List<string>();
            foreach (var topic in (string[])["clock", "runtime"])
                heads.Add((await host.Client.GetTopicAsync(topic)).GetProperty("last").GetString()!);
            var ids = await host.Client.PublishAllAsync("demo", "first", "never arrives", "twice");
            var frames = new[] { (ids[0], "first"), (ids[2], "twice"), (ids[2], "twice") }.Select(e => $"id: {heads[0]}.{e.Item1}.{heads[1]}\ndata: {e.Item2}\n\n");
            await route.FulfillAsync(new() { ContentType = "text/event-stream", Body = $"retry: 3600000\n\n{string.Concat(frames)}" });
        }));

        await tab.WaitUntilAsync("() => document.getElementById('check').textContent === '1 missed, 1 repeated'");
        await tab.WaitUntilAsync("() => document.getElementById('log').innerText.includes('Missed in topic demo: 1')");
    }

    [SkippableFact]
    public async Task Demo_page_says_what_to_do_when_the_topics_are_not_open()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, "Access__AnonymousTopics=clock");
        await using var tab = await DemoTab.OpenAsync(browser, host.BaseAddress);

        await tab.WaitForStateAsync("closed");

        var detail = await tab.Page.InnerTextAsync("#detail");
        Assert.StartsWith("401: the topics are not open to this page. Open them with the setting Access__AnonymousTopics=clock,runtime,demo*", detail, StringComparison.Ordinal);
        Assert.Equal("Connect again", await tab.Page.InnerTextAsync("#button"));
    }

    [SkippableFact]
    public async Task Demo_page_goes_on_when_the_browser_has_given_up_for_a_passing_reason()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table);
        await using var tab = await DemoTab.OpenLiveAsync(browser, host.BaseAddress);
        await tab.CutAsync();
        await host.Client.PublishAllAsync("demo", "meanwhile");
        await tab.Page.RouteAsync("**/events?*", route => route.FulfillAsync(new() { Status = 502 }), new() { Times = 1 });

        await tab.Page.ClickAsync("#button");
        await tab.WaitUntilAsync("() => document.getElementById('log').innerText.includes('the browser has given up')");

        await tab.WaitForEventAsync("meanwhile");
        Assert.Equal("2", await tab.Page.InnerTextAsync("#connections"));
        await tab.AssertWellAsync();
    }

    [SkippableFact]
    public async Task Demo_page_opens_one_stream_when_it_is_cut_while_it_reads_the_topics()
    {
        Chromium.SkipIfMissing();
        var streams = 0;
        var answered = new TaskCompletionSource();
        await using var host = await TestHost.StartOnAsync(table);
        await using var tab = await DemoTab.OpenAsync(browser, host.BaseAddress, page => page.RouteAsync("**/topics/*", async route =>
        {
            await answered.Task;
            await route.ContinueAsync();
        }));
        tab.Page.Request += (_, request) => streams += request.Url.Contains("/events?", StringComparison.Ordinal) ? 1 : 0;

        await tab.CutAsync();
        await tab.Page.ClickAsync("#button");
        await tab.WaitForStateAsync("connecting");
        answered.SetResult();

        await tab.WaitUntilAsync("() => performance.getEntriesByType('resource').filter(({ name }) => name.includes('/topics/')).length === 6"); // both reads have ended
        await tab.WaitForStateAsync("open");
        await host.Client.PublishAllAsync("demo", "to one stream");
        await tab.WaitForEventAsync("to one stream");
        Assert.Equal(1, streams);
        await tab.AssertWellAsync();
    }

    [SkippableFact]
    public async Task Demo_page_stays_cut_when_it_is_cut_while_it_reads_the_topics()
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.SeldomOnlyInFull);
        Chromium.SkipIfMissing();
        var answered = new TaskCompletionSource();
        await using var host = await TestHost.StartOnAsync(table);
        await using var tab = await DemoTab.OpenAsync(browser, host.BaseAddress, page => page.RouteAsync("**/topics/*", async route =>
        {
            await answered.Task;
            await route.FulfillAsync(new() { Status = 401 });
        }));

        await tab.CutAsync();
        answered.SetResult();

        await tab.WaitUntilAsync("() => performance.getEntriesByType('resource').filter(({ name }) => name.includes('/topics/')).length === 3");
        Assert.Equal("Cut by you", await tab.Page.InnerTextAsync("#state"));
        Assert.Equal("", await tab.Page.InnerTextAsync("#log"));
    }

    [SkippableFact]
    public async Task Demo_page_finds_an_events_topic_when_one_of_another_type_came_before_it_in_another_topic()
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.SeldomOnlyInFull);
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, TestHost.NoClock, TestHost.NoRuntime);
        await using var tab = await DemoTab.OpenAsync(browser, host.BaseAddress);
        await tab.WaitForStateAsync("open");

        await PublishAlarmAsync(host, "2099-01-01T00:00:00Z");
        await host.Client.PublishAllAsync("demo", "plain\nwords");

        await tab.WaitForEventAsync("plain\nwords");
        Assert.Equal("demo", await tab.Page.InnerTextAsync("#log .event .topic"));
        await tab.WaitUntilAsync("() => document.getElementById('log').innerText.includes('An event of type alarm passed in topic clock')");
        await tab.AssertWellAsync();

        await host.Client.PublishAsync("clock", "2099-01-01T00:00:01Z", type: "alarm");
        await tab.WaitForEventAsync("2099-01-01T00:00:01Z");
        Assert.Equal("--:--:--", await tab.Page.InnerTextAsync("#clock")); // it is not the clock's
        await tab.AssertWellAsync();
    }

    [SkippableFact]
    public async Task Demo_page_counts_nothing_when_nobody_can_tell_whose_an_event_is()
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.SeldomOnlyInFull);
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, TestHost.NoClock, TestHost.NoRuntime);
        await using var tab = await DemoTab.OpenAsync(browser, host.BaseAddress);
        await tab.WaitForStateAsync("open");
        await tab.Page.RouteAsync("**/events/*?mode=poll&*", route => route.AbortAsync());

        await PublishAlarmAsync(host, "to nobody");
        await host.Client.PublishAllAsync("demo", "whose");

        await tab.WaitUntilAsync("() => /An event of which the topic is unknown.*: whose/.test(document.getElementById('log').innerText)");
        await tab.AssertWellAsync();
    }

    [SkippableFact]
    public async Task Demo_page_tells_events_that_have_waited_when_they_are_the_first_it_sees()
    {
        Chromium.SkipIfMissing();
        await using var host = await TestHost.StartOnAsync(table, "ClockSchedule=* * * * * *");
        await SseStream.FirstEventAsync(host.Client, "events/clock"); // from now on ticks are in memory, and come at once when a stream opens
        await using var tab = await DemoTab.OpenAsync(browser, host.BaseAddress, page => page.RouteAsync(
            "**/events?*", route => route.FulfillAsync(new() { ContentType = "text/event-stream", Body = "retry: 1\n\n" })));
        await tab.WaitUntilAsync("() => connections > 0"); // it knows where the topics are
        await using var clock = await SseStream.OpenAsync(host.Client, "events/clock");
        var tick = await clock.ReadEventAsync();

        await tab.Page.UnrouteAsync("**/events?*");

        Assert.Equal("how caughtUp", await tab.WaitForEventAsync(tick!.Data));
        Assert.NotEqual(0, await tab.CountAsync("#marks .mark.caughtUp"));
        await tab.AssertWellAsync();
    }

    /// <summary>Publishes the clock's first event, of a type to which the page does not listen, and waits until streams of this host have it: the page's as well, before what follows.</summary>
    private static async Task PublishAlarmAsync(TestHost host, string text)
    {
        await host.Client.PublishAsync("clock", text, type: "alarm");
        await SseStream.FirstEventAsync(host.Client, "events/clock?from=start");
    }
}
