using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd;

/// <summary>Chromium against the target.</summary>
public abstract class BrowserTargetTests(Target target, Browser browser) : IClassFixture<Browser>
{
    [Collection(Target.Collection)]
    public sealed class Direct(Target target, Browser browser) : BrowserTargetTests(target, browser);

    [Collection(ProxiedTarget.Collection)]
    public sealed class Proxied(ProxiedTarget target, Browser browser) : BrowserTargetTests(target, browser);

    private readonly string topic = TopicApi.NewTopic();

    [SkippableFact]
    public async Task Browser_dispatches_default_and_named_events_with_their_data_and_ids()
    {
        Skip.If(Browser.Missing is not null, Browser.Missing);
        await using var page = await EventSourcePage.OpenAsync(browser, target.BaseAddress, $"events/{topic}?from=start", "news", "Ereignis-é 世界");

        string[] ids =
        [
            await target.Client.PublishAsync(topic, "plain"),
            await target.Client.PublishAsync(topic, """{"a":"é 世界 🎉"}""", "application/json", "news"),
            await target.Client.PublishAsync(topic, "one\ntwo\r\nthree\rfour\n", type: "news"),
            await target.Client.PublishAsync(topic, " : data: not a field\n\nid: nor this"),
            await target.Client.PublishAsync(topic, "Grüße, 世界 🎉", type: "Ereignis-é 世界"),
        ];

        Assert.Equal(
            [
                new(ids[0], "message", "plain"),
                new(ids[1], "news", """{"a":"é 世界 🎉"}"""),
                new(ids[2], "news", "one\ntwo\nthree\nfour\n"),
                new(ids[3], "message", " : data: not a field\n\nid: nor this"),
                new(ids[4], "Ereignis-é 世界", "Grüße, 世界 🎉"),
            ],
            await page.ReadEventsAsync(ids.Length));
    }

    [SkippableFact]
    public async Task Browser_closes_for_good_when_the_topic_is_complete_and_read()
    {
        Skip.If(Browser.Missing is not null, Browser.Missing);
        await using var page = await EventSourcePage.OpenAsync(browser, target.BaseAddress, $"events/{topic}?from=start");
        var ids = await target.Client.PublishAllAsync(topic, "0", "1");
        await target.Client.CompleteAsync(topic);

        await page.WaitUntilClosedAsync();

        Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), await page.ReadEventsAsync(2));
        Assert.Equal(204, await page.LastStatusAsync());
        Assert.Equal(ids[1], (await page.LastEventIdsAsync())[^1]);
    }
}
