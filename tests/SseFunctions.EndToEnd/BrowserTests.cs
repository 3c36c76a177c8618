using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd;

/// <summary>Chromium's EventSource through the ends of responses and of hosts.</summary>
public sealed class BrowserTests(Browser browser) : IClassFixture<Browser>
{
    private readonly string table = TestStorage.NewTableName();
    private readonly string topic = TopicApi.NewTopic();

    [SkippableFact]
    public async Task Browser_misses_and_repeats_nothing_when_responses_end_while_events_are_published()
    {
        const int Connections = 4;
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Skip.If(Browser.Missing is not null, Browser.Missing);
        await using var host = await LocalHostProcess.StartAsync(table, "Stream__Lifetime=00:00:01", "Stream__Retry=00:00:00.200");
        await KnowHeadAsync(host);
        await using var page = await EventSourcePage.OpenAsync(browser, host.BaseAddress, $"events/{topic}");
        await page.WaitUntilReconnectingAsync(); // with no event yet, so what it carries is of an id-only frame
        await using var publisher = new SteadyPublisher(host.Client, topic);
        await page.WaitUntilOpenedAsync(Connections);
        await publisher.Acknowledged.ReachesAsync(publisher.Acknowledged.Count + 1);
        var ids = await publisher.StopAsync();

        var events = await page.ReadEventsAsync(ids.Count);

        await page.CloseAsync();
        Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), events);
        var carried = await page.LastEventIdsAsync();
        Assert.True(carried.Count >= Connections, $"{carried.Count}");
        Assert.Null(carried[0]);
        var sequences = carried.Skip(1).Select(id => PublishedId.Parse(id).Sequence).ToList();
        Assert.Equal(0, sequences[0]);
        Assert.Equal(sequences.Order(), sequences);
        Assert.Contains(carried[^1], ids);
    }

    [SkippableFact]
    public async Task Browser_misses_and_repeats_nothing_when_its_host_is_killed_and_started_again()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Skip.If(Browser.Missing is not null, Browser.Missing);
        await using var publishing = await LocalHostProcess.StartAsync(table);
        await using var streaming = await LocalHostProcess.StartAsync(table, "Stream__Retry=00:00:00.200");
        await using var page = await EventSourcePage.OpenAsync(browser, streaming.BaseAddress, $"events/{topic}?from=start");
        var before = await publishing.Client.PublishAllAsync(topic, "0", "1");
        await page.ReadEventsAsync(2);

        await streaming.KillAsync();
        await page.WaitUntilReconnectingAsync();
        var meanwhile = await publishing.Client.PublishAllAsync(topic, "2", "3", "4");
        await using var again = await streaming.StartAgainAsync();
        await page.WaitUntilOpenedAsync(2);
        var after = await publishing.Client.PublishAllAsync(topic, "5");

        var ids = before.Concat(meanwhile).Concat(after).ToList();
        Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), await page.ReadEventsAsync(ids.Count));
        Assert.Equal(before[1], (await page.LastEventIdsAsync())[^1]);
    }

    /// <summary>The first look at a topic may take longer than the shortest response lasts.</summary>
    private async Task KnowHeadAsync(LocalHostProcess host)
    {
        await using var stream = await SseStream.OpenAsync(host.Client, $"events/{topic}");
        await stream.ReadFrameAsync(); // retry
        Assert.StartsWith("id: ", await stream.ReadFrameAsync(), StringComparison.Ordinal);
    }
}
