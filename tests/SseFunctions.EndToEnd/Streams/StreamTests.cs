using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Streams;

public abstract class StreamTests(Target target)
{
    public sealed class Direct(Target target) : StreamTests(target), IClassFixture<Target>;

    public sealed class Proxied(ProxiedTarget target) : StreamTests(target), IClassFixture<ProxiedTarget>;

    [Collection(WorkerTarget.Collection)]
    public sealed class Worker(WorkerTarget target) : StreamTests(target);

    [Collection(WebAppTarget.Collection)]
    public sealed class WebApp(WebAppTarget target) : StreamTests(target);

    private readonly string topic = TopicApi.NewTopic();

    [Fact]
    public async Task Stream_says_retry_and_a_comment_at_once_when_the_topic_is_quiet()
    {
        await using var stream = await OpenAsync("");

        // Nothing is ever published, so this frame has waited for nothing.
        Assert.Matches(@"\Aretry: [1-9][0-9]*\n: .+\z", await stream.ReadFrameAsync());
    }

    [Fact]
    public async Task Stream_has_the_headers_that_keep_caches_proxies_and_compression_away()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"events/{topic}");
        foreach (var coding in (string[])["gzip", "br", "deflate", "zstd"])
            request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue(coding));

        using var answer = await target.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.ToString());
        Assert.True(answer.Headers.CacheControl is { NoCache: true, NoStore: true, NoTransform: true }, $"{answer.Headers.CacheControl}");
        Assert.Equal(["no"], answer.Headers.GetValues("X-Accel-Buffering"));
        Assert.Empty(answer.Content.Headers.ContentEncoding);
        Assert.Null(answer.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task Event_arrives_with_its_type_data_and_id_when_published_as_text()
    {
        await using var stream = await OpenAsync("?from=start");

        var id = await target.Client.PublishAsync(topic, "one\ntwo\r\nthree\rGrüße, 世界 🎉", type: "greeting");

        Assert.Equal(new SseMessage(id, "greeting", "one\ntwo\nthree\nGrüße, 世界 🎉"), await stream.ReadEventAsync());
    }

    [Fact]
    public async Task Event_arrives_as_it_was_written_when_published_as_json()
    {
        await using var stream = await OpenAsync("?from=start");

        var id = await target.Client.PublishAsync(topic, """ {"b": 1.0, "a": "é\u00e9"} """, "application/json");

        Assert.Equal(new SseMessage(id, "message", """{"b": 1.0, "a": "é\u00e9"}"""), await stream.ReadEventAsync());
    }

    [Fact]
    public async Task Event_arrives_whole_when_it_has_the_most_data_allowed()
    {
        var largest = new string('x', 64 * 1024);
        var id = await target.Client.PublishAsync(topic, largest);

        await using var stream = await OpenAsync("?from=start");

        Assert.Equal(new SseMessage(id, "message", largest), await stream.ReadEventAsync());
    }

    [Fact]
    public async Task Ids_begin_at_one_and_have_no_holes()
    {
        var ids = await PublishAsync(40); // past one base-36 digit

        Assert.Equal(1, PublishedId.Parse(ids[0]).Sequence);
        PublishedId.AssertConsecutive(ids);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stream_goes_on_with_exactly_what_follows_when_the_client_brings_an_id(bool inHeader)
    {
        var ids = await PublishAsync(5);
        await using var stream = await OpenAsync(inHeader ? "" : $"?lastEventId={ids[1]}", inHeader ? ids[1] : null);

        Assert.Equal(Events(ids, 2..), await stream.ReadEventsAsync(3));
        var next = await target.Client.PublishAsync(topic, "next");
        Assert.Equal(new SseMessage(next, "message", "next"), await stream.ReadEventAsync());
    }

    [Fact]
    public async Task Stream_goes_by_the_header_when_the_query_brings_another_id()
    {
        var ids = await PublishAsync(5);

        Assert.Equal(Events(ids, 4..), await PollAsync($"?lastEventId={ids[0]}", ids[3]));
    }

    [Fact]
    public async Task Stream_goes_by_the_id_when_the_query_also_says_where_to_begin()
    {
        var ids = await PublishAsync(5);

        Assert.Equal(Events(ids, 4..), await PollAsync("?from=start", ids[3]));
        Assert.Equal(Events(ids, 4..), await PollAsync("?last=3", ids[3]));
    }

    [Fact]
    public async Task Stream_begins_with_the_oldest_event_when_asked_for_the_start()
    {
        var ids = await PublishAsync(5);

        Assert.Equal(Events(ids, ..), await PollAsync("?from=start"));
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(2, 3)]
    [InlineData(5, 0)]
    [InlineData(1000, 0)]
    public async Task Stream_begins_with_the_newest_events_when_asked_for_the_last(int last, int firstIndex)
    {
        var ids = await PublishAsync(5);

        Assert.Equal(Events(ids, firstIndex..), await PollAsync($"?last={last}"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?from=now")]
    public async Task Stream_begins_with_the_next_event_when_nothing_or_now_is_asked_for(string query)
    {
        var ids = await PublishAsync(2);
        await using var stream = await OpenAsync(query);
        await stream.ReadFrameAsync(); // retry

        Assert.Equal(SseMessage.CursorFrame(ids[1]), await stream.ReadFrameAsync());
        var next = await target.Client.PublishAsync(topic, "next");
        Assert.Equal(new SseMessage(next, "message", "next"), await stream.ReadEventAsync());
    }

    [Fact]
    public async Task Stream_moves_the_cursor_by_an_event_of_its_own_when_the_topic_does_not_exist_yet()
    {
        await using var quiet = await OpenAsync("");
        await quiet.ReadFrameAsync(); // retry
        var frame = await quiet.ReadFrameAsync();
        Assert.Matches(@"\Aid: [a-z0-9]{4,6}-0\nevent: sse\.cursor\ndata: \{\}\z", frame);

        var id = await target.Client.PublishAsync(topic, "missed by nobody");

        Assert.Equal([new SseMessage(id, "message", "missed by nobody")], await PollAsync("", frame!.Split('\n')[0][4..]));
    }

    [Fact]
    public async Task Poll_sends_what_there_is_and_ends()
    {
        var ids = await PublishAsync(2);

        var frames = await SseStream.PollAsync(target.Client, $"events/{topic}?from=start&mode=poll");

        Assert.Equal(4, frames.Count);
        Assert.StartsWith("retry: ", frames[0], StringComparison.Ordinal);
        Assert.Equal([$"id: {ids[0]}\ndata: 0", $"id: {ids[1]}\ndata: 1"], frames.Skip(1).Take(2));
        Assert.StartsWith("retry: ", frames[3], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no id of this server", true)]
    [InlineData("no id of this server", false)]
    [InlineData("ünïcode-🎉", false)] // in the header: see ForeignIdTests
    [InlineData("-", true)]
    [InlineData("abc123-", true)]
    [InlineData("ABC123-1", true)]
    [InlineData("abc123-01", true)]
    [InlineData("abc123-zzzzzzzzz", true)]
    [InlineData("abc123-1.abc123-2", true)]
    public async Task Stream_says_unknown_and_begins_with_the_oldest_event_when_the_id_is_malformed(string malformed, bool inHeader)
    {
        var ids = await PublishAsync(2);

        await using var stream = await OpenAsync(inHeader ? "" : $"?lastEventId={Uri.EscapeDataString(malformed)}", inHeader ? malformed : null);

        await AssertResetAsync(stream, "unknown", ids);
    }

    [Fact]
    public async Task Stream_says_unknown_when_the_id_is_longer_than_any_of_ours()
    {
        var ids = await PublishAsync(2);

        await using var stream = await OpenAsync("", new string('a', 4000));

        await AssertResetAsync(stream, "unknown", ids);
    }

    [Fact]
    public async Task Stream_says_future_and_begins_with_the_oldest_event_when_the_log_has_not_come_so_far()
    {
        var ids = await PublishAsync(2);
        var last = PublishedId.Parse(ids[1]);

        await using var stream = await OpenAsync("", $"{last with { Sequence = last.Sequence + 1 }}");

        await AssertResetAsync(stream, "future", ids);
    }

    [Fact]
    public async Task Stream_says_epoch_and_begins_with_the_oldest_event_when_the_id_is_of_another_log()
    {
        var ids = await PublishAsync(2);
        var last = PublishedId.Parse(ids[1]);
        var foreign = last with { Epoch = last.Epoch == "abcdef" ? "fedcba" : "abcdef" };

        await using var stream = await OpenAsync("", $"{foreign}");

        await AssertResetAsync(stream, "epoch", ids);
    }

    [Fact]
    public async Task Reset_is_not_repeated_when_the_client_comes_back_with_its_id()
    {
        var ids = await PublishAsync(2);
        await using var stream = await OpenAsync("", "no id of this server");
        var reset = await stream.ReadEventAsync();
        Assert.Equal("sse.reset", reset?.Type);

        Assert.Equal(Events(ids, ..), await PollAsync("", reset!.Id));
    }

    [Fact]
    public async Task Stream_delivers_the_rest_and_ends_and_then_answers_204_when_the_topic_is_completed()
    {
        await using var stream = await OpenAsync("?from=start");
        var ids = await PublishAsync(3);
        await target.Client.CompleteAsync(topic);

        Assert.Equal(Events(ids, ..), await stream.ReadEventsAsync(3));
        Assert.StartsWith("retry: ", Assert.Single(await stream.ReadToEndAsync()), StringComparison.Ordinal);
        await using var late = await OpenAsync("", ids[0]);
        Assert.Equal(HttpStatusCode.OK, late.Response.StatusCode);
        Assert.Equal(Events(ids, 1..), await late.ReadEventsAsync(2));
        Assert.Null(await late.ReadEventAsync());
        await using var read = await OpenAtEndAsync(ids[2]);
        Assert.Equal(HttpStatusCode.NoContent, read.Response.StatusCode);
        Assert.Null(await read.ReadFrameAsync());
    }

    [Fact]
    public async Task Clock_sends_the_time_of_each_tick_under_consecutive_ids()
    {
        await using var stream = await SseStream.OpenAsync(target.Client, "events/clock?last=1");

        var ticks = await stream.ReadEventsAsync(2);

        Assert.All(ticks, tick => Assert.Matches(@"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\z", tick.Data));
        Assert.All(ticks, tick => Assert.Equal("message", tick.Type));
        var times = ticks.Select(tick => JsonSerializer.Deserialize<DateTimeOffset>($"\"{tick.Data}\"")).ToList(); // ISO 8601-1 extended
        Assert.True(times[0] < times[1], $"{times[0]:O} then {times[1]:O}");
        PublishedId.AssertConsecutive(ticks.Select(tick => tick.Id));
    }

    private static IEnumerable<SseMessage> Events(IReadOnlyList<string> ids, Range range) =>
        ids.Select((id, i) => new SseMessage(id, "message", $"{i}")).Take(range);

    private async Task AssertResetAsync(SseStream stream, string reason, IReadOnlyList<string> ids)
    {
        Assert.Equal(HttpStatusCode.OK, stream.Response.StatusCode);
        var reset = await stream.ReadEventAsync();
        Assert.Equal("sse.reset", reset?.Type);
        var gap = JsonSerializer.Deserialize<JsonElement>(reset!.Data);
        var before = PublishedId.Parse(ids[0]) with { Sequence = 0 };
        Assert.Equal(topic, gap.GetProperty("topic").GetString());
        Assert.Equal(reason, gap.GetProperty("reason").GetString());
        Assert.Equal(JsonValueKind.Null, gap.GetProperty("lost").ValueKind);
        Assert.Equal($"{before}", gap.GetProperty("resumeFrom").GetString());
        Assert.Equal($"{before}", reset.Id);
        Assert.Equal(Events(ids, ..), await stream.ReadEventsAsync(ids.Count));
    }

    private Task<SseStream> OpenAsync(string query, string? lastEventId = null) =>
        SseStream.OpenAsync(target.Client, $"events/{topic}{query}", lastEventId);

    /// <summary>Asks again where the answer is 200 without an event, as it is while the topic's head is still being read.</summary>
    private async Task<SseStream> OpenAtEndAsync(string lastEventId)
    {
        const int MaxRequests = 10;
        var stream = await OpenAsync("", lastEventId);
        for (var requests = 1; stream.Response.StatusCode == HttpStatusCode.OK && requests < MaxRequests; requests++)
        {
            Assert.Null(await stream.ReadEventAsync());
            await stream.DisposeAsync();
            stream = await OpenAsync("", lastEventId);
        }

        return stream;
    }

    private async Task<IReadOnlyList<SseMessage>> PollAsync(string query, string? lastEventId = null)
    {
        var frames = await SseStream.PollAsync(target.Client, $"events/{topic}{query}{(query.Length > 0 ? "&" : "?")}mode=poll", lastEventId);
        return [.. SseMessage.In(frames)];
    }

    private Task<IReadOnlyList<string>> PublishAsync(int count) =>
        target.Client.PublishAllAsync(topic, [.. Enumerable.Range(0, count).Select(i => $"{i}")]);
}
