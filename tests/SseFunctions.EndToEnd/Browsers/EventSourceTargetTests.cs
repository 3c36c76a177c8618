using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>EventSources that nobody here wrote, against the target.</summary>
/// <remarks>A response that polls ends at once, and so shows with any target what a client does at the end of one.</remarks>
/// <param name="target">What they read from.</param>
/// <param name="client">Opens them.</param>
/// <param name="isOneOfMany">Only a thorough run does all with it.</param>
public abstract class EventSourceTargetTests(Target target, IEventSourceClient client, bool isOneOfMany = false)
{
    public abstract class InChromium(Target target, Chromium browser, bool isOneOfMany = false) : EventSourceTargetTests(target, browser, isOneOfMany), IClassFixture<Chromium>
    {
        public sealed class Direct(Target target, Chromium browser) : InChromium(target, browser), IClassFixture<Target>;

        public sealed class Proxied(ProxiedTarget target, Chromium browser) : InChromium(target, browser, isOneOfMany: true), IClassFixture<ProxiedTarget>;

        [Collection(WorkerTarget.Collection)]
        public sealed class Worker(WorkerTarget target, Chromium browser) : InChromium(target, browser, isOneOfMany: true);
    }

    public abstract class InFirefox(Target target, Firefox firefox) : EventSourceTargetTests(target, firefox, isOneOfMany: true), IClassFixture<Firefox>
    {
        public sealed class Direct(Target target, Firefox firefox) : InFirefox(target, firefox), IClassFixture<Target>;
    }

    public abstract class InWebKit(Target target, WebKit webKit) : EventSourceTargetTests(target, webKit, isOneOfMany: true), IClassFixture<WebKit>
    {
        public sealed class Direct(Target target, WebKit webKit) : InWebKit(target, webKit), IClassFixture<Target>;
    }

    public abstract class InNode(Target target, NodeEventSources node) : EventSourceTargetTests(target, node, isOneOfMany: true), IClassFixture<NodeEventSources>
    {
        public sealed class Direct(Target target, NodeEventSources node) : InNode(target, node), IClassFixture<Target>;

        public sealed class Proxied(ProxiedTarget target, NodeEventSources node) : InNode(target, node), IClassFixture<ProxiedTarget>;

        [Collection(WorkerTarget.Collection)]
        public sealed class Worker(WorkerTarget target, NodeEventSources node) : InNode(target, node);

        [Collection(WebAppTarget.Collection)]
        public sealed class WebApp(WebAppTarget target, NodeEventSources node) : InNode(target, node);
    }

    private readonly string topic = TopicApi.NewTopic();

    [SkippableFact]
    public async Task Client_dispatches_default_and_named_events_with_their_data_and_ids()
    {
        SkipIfNotHere(inEveryRun: true);
        await using var source = await OpenAsync($"events/{topic}?from=start", "news", "Ereignis-é 世界", " open");

        string[] ids =
        [
            await target.Client.PublishAsync(topic, "plain"),
            await target.Client.PublishAsync(topic, """{"a":"é 世界 🎉"}""", "application/json", "news"),
            await target.Client.PublishAsync(topic, "one\ntwo\r\nthree\rfour\n", type: "news"),
            await target.Client.PublishAsync(topic, " : data: not a field\n\nid: nor this"),
            await target.Client.PublishAsync(topic, "Grüße, 世界 🎉", type: "Ereignis-é 世界"),
            await target.Client.PublishAsync(topic, "\n", type: " open"),
        ];

        Assert.Equal(
            [
                new(ids[0], "message", "plain"),
                new(ids[1], "news", """{"a":"é 世界 🎉"}"""),
                new(ids[2], "news", "one\ntwo\nthree\nfour\n"),
                new(ids[3], "message", " : data: not a field\n\nid: nor this"),
                new(ids[4], "Ereignis-é 世界", "Grüße, 世界 🎉"),
                new(ids[5], " open", "\n"),
            ],
            await source.ReadEventsAsync(ids.Length));
    }

    [SkippableFact]
    public async Task Client_opens_reads_reconnects_and_closes_in_that_order()
    {
        SkipIfNotHere();
        var id = await target.Client.PublishAsync(topic, "0");
        await using var source = await OpenAsync($"events/{topic}?from=start&mode=poll");
        await source.WaitUntilOpenedAsync(2);

        await target.Client.CompleteAsync(topic);
        await source.WaitUntilClosedAsync();

        Assert.Matches(
            "^open-Open event-Open error-Connecting (open-Open error-Connecting )+error-Closed$",
            string.Join(' ', source.Steps));
        var requests = await source.RequestsAsync();
        Assert.Equal(200, requests[0].Status);
        Assert.Equal([null, .. Enumerable.Repeat(id, requests.Count - 1)], requests.Select(request => request.LastEventId));
        Assert.Equal(204, requests[^1].Status);
    }

    [SkippableFact]
    public async Task Client_gets_the_rest_and_closes_for_good_when_the_topic_is_completed()
    {
        SkipIfNotHere();
        await using var source = await OpenAsync($"events/{topic}?from=start");
        await source.WaitUntilOpenedAsync(1);
        var ids = await target.Client.PublishAllAsync(topic, "0", "1");
        await target.Client.CompleteAsync(topic);

        await source.WaitUntilClosedAsync();

        Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), await source.ReadEventsAsync(2));
        Assert.Equal(new EventSourceRequest(ids[1], 204), (await source.RequestsAsync())[^1]);
    }

    [SkippableFact]
    public async Task Client_closes_for_good_when_the_request_is_bad()
    {
        SkipIfNotHere();

        await using var source = await OpenAsync($"events/{topic}?last=many");

        await source.WaitUntilClosedAsync();
        Assert.Equal([new EventSourceStep("error", EventSourceState.Closed, null)], source.Steps);
        Assert.Equal([new EventSourceRequest(null, 400)], await source.RequestsAsync());
    }

    [SkippableFact]
    public async Task Id_in_the_url_holds_for_the_first_connection_only()
    {
        SkipIfNotHere();
        var ids = (await target.Client.PublishAllAsync(topic, "0", "1", "2")).ToList();
        await using var source = await OpenAsync($"events/{topic}?lastEventId={ids[0]}&mode=poll");
        await source.ReadEventsAsync(2);
        await source.WaitUntilOpenedAgainAsync(1);

        ids.Add(await target.Client.PublishAsync(topic, "3"));

        Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")).Skip(1), await source.ReadEventsAsync(3));
        await source.CloseAsync();
        Assert.Equal([null, ids[2]], (await source.SentIdsAsync()).Take(2));
    }

    [SkippableTheory]
    [InlineData("unknown", "another server's id")]
    [InlineData("future", "{epoch}-zzzz")]
    [InlineData("epoch", "0abc-1")]
    public async Task Client_is_told_of_the_reset_once_when_its_id_is_not_of_this_log(string reason, string lastEventId)
    {
        SkipIfNotHere();
        var ids = await target.Client.PublishAllAsync(topic, "0", "1");
        var start = PublishedId.Parse(ids[0]) with { Sequence = 0 };
        var brought = Uri.EscapeDataString(lastEventId.Replace("{epoch}", start.Epoch, StringComparison.Ordinal));

        await using var source = await OpenAsync($"events/{topic}?lastEventId={brought}&mode=poll");

        await source.ReadEventsAsync(3);
        await source.WaitUntilOpenedAgainAsync(1);
        await source.CloseAsync();
        Assert.Equal(
            [
                new($"{start}", "sse.reset", $$"""{"topic":"{{topic}}","reason":"{{reason}}","lost":null,"resumeFrom":"{{start}}"}"""),
                new(ids[0], "message", "0"),
                new(ids[1], "message", "1"),
            ],
            await source.ReadEventsAsync(3));
        Assert.Equal([null, ids[1]], await source.SentIdsAsync());
    }

    [SkippableFact]
    public async Task Client_of_several_topics_reconnects_exactly_in_each()
    {
        const int Topics = 8;
        SkipIfNotHere();
        var topics = Enumerable.Range(0, Topics).Select(i => $"{topic}-{i}").ToList();
        foreach (var one in topics)
            await target.Client.PublishAsync(one, $"{one} before");

        await using var source = await OpenAsync($"events?{string.Join('&', topics.Select(one => $"topic={one}"))}&from=start&mode=poll");
        var before = await source.ReadEventsAsync(Topics);
        await source.WaitUntilOpenedAsync(2);
        foreach (var one in topics)
            await target.Client.PublishAsync(one, $"{one} after");

        var events = await source.ReadEventsAsync(Topics * 2);

        await source.WaitUntilReconnectingAsync();
        Assert.Equal(topics.SelectMany(one => (string[])[$"{one} after", $"{one} before"]).Order(StringComparer.Ordinal), events.Select(e => e.Data).Order(StringComparer.Ordinal));
        Assert.All(before, e => Assert.EndsWith(" before", e.Data, StringComparison.Ordinal));
        Assert.All(events, e => Assert.Equal(Topics, e.Id!.Split('.').Length));
        await source.CloseAsync();
        Assert.Equal(Topics * 2, source.Steps.Count(step => step.Message is not null)); // nothing again
        Assert.Equal(source.CursorsAtEnds.Take(1), (await source.RequestsAsync()).Skip(1).Take(1).Select(request => request.LastEventId));
    }

    /// <param name="inEveryRun">Whether every run does it with every client.</param>
    private void SkipIfNotHere(bool inEveryRun = false)
    {
        Skip.If(isOneOfMany && !inEveryRun && !Thoroughness.IsFull, Thoroughness.OnlyInFull);
        Skip.If(client.Absence is not null, client.Absence);
    }

    private Task<RecordedEventSource> OpenAsync(string path, params string[] types) => client.OpenAsync(target.BaseAddress, path, types);
}
