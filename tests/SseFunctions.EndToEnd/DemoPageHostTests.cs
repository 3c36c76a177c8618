using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd;

/// <summary>The demo page in Chromium, against hosts of its own, whose streams end soon, which are killed, or which refuse.</summary>
public sealed class DemoPageHostTests(Browser browser) : IClassFixture<Browser>
{
    private readonly string table = TestStorage.NewTableName();

    [SkippableFact]
    public async Task Demo_page_draws_each_connection_and_the_waits_between_when_responses_end()
    {
        const int Connections = 4;
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Skip.If(Browser.Missing is not null, Browser.Missing);
        await using var host = await LocalHostProcess.StartAsync(table, "Stream__Lifetime=00:00:02", "Stream__Retry=00:00:00.200");
        await using var tab = await DemoTab.OpenLiveAsync(browser, host.BaseAddress);
        await using var publisher = new SteadyPublisher(host.Client, "demo");

        await tab.WaitUntilAsync("least => document.querySelectorAll('#bars .bar').length >= least", Connections);
        var ids = await publisher.StopAsync();

        await tab.WaitUntilAsync("id => document.getElementById('cursor').textContent.includes(`.${id}.`)", ids[^1]);
        Assert.True(await tab.CountAsync("#bars .gone.ended") >= Connections - 1);
        Assert.Equal(0, await tab.CountAsync("#marks .mark.failure"));
        await tab.AssertWellAsync();
    }

    [SkippableFact]
    public async Task Demo_page_marks_failed_attempts_and_catches_up_when_its_host_is_killed_and_started_again()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Skip.If(Browser.Missing is not null, Browser.Missing);
        await using var publishing = await LocalHostProcess.StartAsync(table);
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

    [SkippableFact]
    public async Task Demo_page_says_what_to_do_when_the_topics_are_not_open()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Skip.If(Browser.Missing is not null, Browser.Missing);
        await using var host = await LocalHostProcess.StartAsync(table, "Access__AnonymousTopics=clock");
        await using var tab = await DemoTab.OpenAsync(browser, host.BaseAddress);

        await tab.WaitForStateAsync("closed");

        var detail = await tab.Page.InnerTextAsync("#detail");
        Assert.StartsWith("401: the topics are not open to this page. Open them with the setting Access__AnonymousTopics=clock,demo,runtime", detail, StringComparison.Ordinal);
        Assert.Equal("Connect again", await tab.Page.InnerTextAsync("#button"));
    }

    [SkippableFact]
    public async Task Demo_page_goes_on_when_the_browser_has_given_up_for_a_passing_reason()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Skip.If(Browser.Missing is not null, Browser.Missing);
        await using var host = await LocalHostProcess.StartAsync(table);
        await using var tab = await DemoTab.OpenLiveAsync(browser, host.BaseAddress);
        await tab.Page.ClickAsync("#button");
        await host.Client.PublishAllAsync("demo", "meanwhile");
        await tab.Page.RouteAsync("**/events?*", route => route.FulfillAsync(new() { Status = 502 }), new() { Times = 1 });

        await tab.Page.ClickAsync("#button");
        await tab.WaitForStateAsync("closed");

        await tab.WaitForEventAsync("meanwhile");
        Assert.Equal("2", await tab.Page.InnerTextAsync("#connections"));
        await tab.AssertWellAsync();
    }
}
