using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Streams;

/// <summary>What subscribers ask for beyond a stream, in whatever host: history, a time to begin at, some types, long polls.</summary>
public abstract class SubscriberTests(Target target)
{
    public sealed class Direct(Target target) : SubscriberTests(target), IClassFixture<Target>;

    public sealed class Proxied(ProxiedTarget target) : SubscriberTests(target), IClassFixture<ProxiedTarget>;

    [Collection(WorkerTarget.Collection)]
    public sealed class Worker(WorkerTarget target) : SubscriberTests(target);

    [Collection(WebAppTarget.Collection)]
    public sealed class WebApp(WebAppTarget target) : SubscriberTests(target);

    private readonly string topic = TopicApi.NewTopic();

    [Fact]
    public async Task History_has_the_events_page_by_page_and_is_kept_where_it_stays()
    {
        var ids = await target.Client.PublishAllAsync(topic, "1", "a", "3");

        var (events, next) = (new List<JsonElement>(), (string?)"");
        while (next is not null)
        {
            var page = await target.Client.GetFromJsonAsync<JsonElement>($"topics/{topic}/events?limit=2&after={next}").WaitAsync(SseStream.Timeout);
            events.AddRange(page.GetProperty("events").EnumerateArray());
            next = page.GetProperty("next").GetString();
        }

        using var kept = await target.Client.GetAsync($"topics/{topic}/events?after={ids[0]}&limit=1").WaitAsync(SseStream.Timeout);
        using var repeat = new HttpRequestMessage(HttpMethod.Get, $"topics/{topic}/events?after={ids[0]}&limit=1");
        repeat.Headers.IfNoneMatch.Add(kept.Headers.ETag!);
        using var unchanged = await target.Client.SendAsync(repeat).WaitAsync(SseStream.Timeout);

        Assert.Equal(ids, events.Select(stored => stored.GetProperty("id").GetString()));
        Assert.Equal(["1", "\"a\"", "3"], events.Select(stored => stored.GetProperty("data").GetRawText()));
        Assert.Contains("immutable", kept.Headers.NonValidated["Cache-Control"].ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
    }

    [Fact]
    public async Task Stream_of_a_type_has_its_events_since_a_time_and_live()
    {
        await target.Client.PublishAsync(topic, "1", type: "wanted");
        await target.Client.PublishAsync(topic, "2", type: "other");
        await using var stream = await SseStream.OpenAsync(target.Client, $"events/{topic}?type=wanted&since=1h");
        Assert.Equal("1", (await stream.ReadEventAsync())?.Data);

        await target.Client.PublishAsync(topic, "3", type: "other");
        await target.Client.PublishAsync(topic, "4", type: "wanted");

        Assert.Equal("4", (await stream.ReadEventAsync())?.Data);
    }

    [Fact]
    public async Task Long_poll_is_answered_with_the_first_event_and_with_its_length()
    {
        var ids = await target.Client.PublishAllAsync(topic, "1");
        var asked = PollAsync();

        await target.Client.PublishAllAsync(topic, "2");
        var answer = await asked;
        while (SseStream.IsUnavailable(answer.Text))
            answer = await PollAsync();

        Assert.Equal(["2"], answer.Events.Select(message => message.Data));

        async Task<(string Text, IReadOnlyList<SseMessage> Events)> PollAsync()
        {
            using var answer = await target.Client.GetAsync($"events/{topic}?mode=long-poll&lastEventId={ids[0]}").WaitAsync(SseStream.Timeout);
            var body = await answer.Content.ReadAsByteArrayAsync();
            Assert.Equal(body.Length, answer.Content.Headers.ContentLength);
            return (Encoding.UTF8.GetString(body), EventSourceCursor.After(body).Events);
        }
    }

    [Fact]
    public async Task Surface_is_described()
    {
        var document = await target.Client.GetFromJsonAsync<JsonElement>("openapi.json").WaitAsync(SseStream.Timeout);

        Assert.True(document.GetProperty("paths").TryGetProperty("/topics/{topic}/events", out _));
    }
}
