using Microsoft.Playwright;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>What only a browser does to its EventSources: it goes offline, and its tabs share six connections to a host over HTTP/1.1.</summary>
public sealed class BrowserTests(EventSourceHosts hosts, Chromium browser) : IClassFixture<EventSourceHosts>, IClassFixture<Chromium>
{
    private const int ConnectionsPerHost = 6;

    private readonly string topic = TopicApi.NewTopic();

    /// <remarks>Chromium 156 lets a response go on that has begun when it is set offline: as with a real network, the connection has to be lost as well.</remarks>
    [SkippableFact]
    public async Task Browser_misses_and_repeats_nothing_when_it_goes_offline_and_online()
    {
        SkipIfNotHere();
        await using var proxy = CuttingProxy.Start(hosts.Steady.BaseAddress);
        await using var page = await EventSourcePage.GoToAsync(await browser.NewPageAsync(), proxy.BaseAddress);
        await page.ConnectAsync(new Uri(proxy.BaseAddress, $"events/{topic}?from=start"));
        var ids = (await hosts.Steady.Client.PublishAllAsync(topic, "0")).ToList();
        await page.ReadEventsAsync(1);

        await page.SetOfflineAsync(true);
        proxy.GoDown();
        await page.WaitUntilReconnectingAsync();
        proxy.ComeBack();
        await page.WaitUntilFailedAsync(page.Steps.Count(step => step.Name == "error") + 2); // although the host is there
        ids.AddRange(await hosts.Steady.Client.PublishAllAsync(topic, "1", "2"));
        Assert.Single(page.Steps, step => step.Name == "open");
        await page.SetOfflineAsync(false);

        Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), await page.ReadEventsAsync(3));
        Assert.Equal(ids[0], (await page.RequestsAsync())[^1].LastEventId);
    }

    [SkippableTheory]
    [InlineData(2)]
    [InlineData(10)]
    public async Task Every_tab_gets_every_event_once_when_responses_are_short(int count)
    {
        Skip.If(count > 2 && !Thoroughness.IsFull, Thoroughness.LongOnlyInFull);
        SkipIfNotHere();
        await using var profile = await browser.NewProfileAsync();
        var tabs = await OpenTabsAsync(profile, hosts.Brief, count);
        await using var publisher = new SteadyPublisher(hosts.LongRetry.Client, topic);
        foreach (var tab in tabs)
        {
            await tab.ReadEventsAsync(1);
            await tab.WaitUntilOpenedAgainAsync(1); // with a cursor
        }

        await publisher.Acknowledged.ReachesAsync(publisher.Acknowledged.Count + 1);
        var ids = await publisher.StopAsync();

        var read = await Task.WhenAll(tabs.Select(tab => tab.ReadEventsAsync(ids.Count)));

        Assert.All(read, events => Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), events));
    }

    [SkippableFact]
    public async Task Seventh_tab_waits_for_one_of_six_to_leave_when_responses_are_long()
    {
        SkipIfNotHere();
        await using var profile = await browser.NewProfileAsync();
        var tabs = await OpenTabsAsync(profile, hosts.Steady, 10);
        var opening = tabs.Select(tab => (Tab: tab, Opened: tab.WaitUntilOpenedAsync(1))).ToList();
        var opened = new List<EventSourcePage>();
        while (opened.Count < ConnectionsPerHost)
            opened.Add(await TakeFirstAsync());

        var id = await hosts.Steady.Client.PublishAsync(topic, "for all");
        foreach (var tab in opened)
            Assert.Equal([new(id, "message", "for all")], await tab.ReadEventsAsync(1));

        Assert.All(tabs.Except(opened), tab => Assert.Empty(tab.Steps));
        await Task.WhenAll(tabs.Select(tab => tab.WaitUntilAskedAsync()));

        while (opening.Count > 0)
        {
            await opened[^ConnectionsPerHost].CloseAsync();
            opened.Add(await TakeFirstAsync());
            Assert.Equal([new(id, "message", "for all")], await opened[^1].ReadEventsAsync(1));
        }

        async Task<EventSourcePage> TakeFirstAsync()
        {
            await await Task.WhenAny(opening.Select(tab => tab.Opened));
            var (tab, _) = opening.First(tab => tab.Opened.IsCompleted);
            opening.RemoveAll(other => other.Tab == tab);
            return tab;
        }
    }

    /// <summary>All go to their page before the first opens its stream: once six have one, a page of that host does not load either.</summary>
    private async Task<IReadOnlyList<EventSourcePage>> OpenTabsAsync(IBrowserContext profile, TestHost host, int count)
    {
        var tabs = new List<EventSourcePage>();
        while (tabs.Count < count)
            tabs.Add(await EventSourcePage.GoToAsync(await profile.NewPageAsync(), host.BaseAddress));

        foreach (var tab in tabs)
            await tab.ConnectAsync(new Uri(host.BaseAddress, $"events/{topic}?from=start"));

        return tabs;
    }

    private static void SkipIfNotHere()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Chromium.SkipIfNotInstalled();
    }
}
