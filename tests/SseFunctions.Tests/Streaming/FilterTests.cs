using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

/// <summary>A stream of some types: nothing else reaches its client, and its cursor moves over all that is left out.</summary>
public class FilterTests
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    [Theory]
    [InlineData("type=order", "1,4")]
    [InlineData("type=order&type=message", "1,2,4")]
    [InlineData("type=message", "2")]
    [InlineData("type=none", "")]
    [InlineData("type=&type=order&type=order", "1,4")]
    [InlineData("", "1,2,3,4,5")]
    public async Task Stream_has_the_events_of_the_types_replayed_and_live(string query, string expected)
    {
        await using var host = await TestHost.StartAsync();
        await PublishAllAsync(host, "a");
        await using var live = await host.OpenLiveAsync($"events/a?{query}");
        await using var replay = await host.OpenAsync($"events/a?mode=poll&from=start&{query}");

        Assert.Equal(expected, Data(await replay.ReadToEndAsync()));

        await PublishAllAsync(host, "a");
        using var completed = await host.Client.PostAsync("topics/a/complete", null);
        Assert.Equal(expected, Data(await live.ReadToEndAsync()));
    }

    /// <summary>Else a reconnect would read everything again, and never be told that the topic has ended.</summary>
    [Theory]
    [InlineData("events/a?type=none", "")]
    [InlineData("events/a?type=order", "")]
    [InlineData("events?topic=a&topic=b&type=none", "")]
    [InlineData("events?topic=a&topic=b&type=order", "")]
    [InlineData("events/a?type=none", "&mode=poll")]
    [InlineData("events?topic=a&topic=b&type=order", "&mode=poll")]
    [InlineData("events/a?type=none", "&mode=long-poll")]
    public async Task Client_has_the_last_id_at_the_end_whatever_was_left_out(string path, string mode)
    {
        await using var host = await TestHost.StartAsync();
        await PublishAllAsync(host, "a");
        await PublishAllAsync(host, "b");
        await CompleteAsync(host, "a", "b");

        var answer = EventSourceCursor.After(await host.Client.GetByteArrayAsync(path + mode + "&from=start"));
        using var again = await host.Client.GetAsync($"{path}{mode}&lastEventId={answer.LastEventId}");

        Assert.Equal(HttpStatusCode.NoContent, again.StatusCode);
    }

    [Theory]
    [InlineData("events/a?type=none")]
    [InlineData("events?topic=a&topic=b&type=none")]
    public async Task Client_has_the_last_id_at_the_end_when_all_was_left_out_while_it_was_live(string path)
    {
        await using var host = await TestHost.StartAsync();
        await CompleteAsync(host, "b");
        await using var stream = await host.OpenLiveAsync(path);

        await PublishAllAsync(host, "a");
        await CompleteAsync(host, "a");
        var cursor = (await stream.ReadToEndAsync()).Last(frame => frame.StartsWith("id: ", StringComparison.Ordinal)).Split('\n')[0]["id: ".Length..];
        using var again = await host.Client.GetAsync($"{path}&lastEventId={cursor}");

        Assert.Equal(HttpStatusCode.NoContent, again.StatusCode);
    }

    [Fact]
    public async Task Cursor_moves_with_the_heartbeat_and_not_with_each_event_that_is_left_out()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var first = await TestHost.StartAsync();
        await first.PublishAsync("a", "makes the table, which takes more than a clock that stands still");
        await using var host = await TestHost.StartAsync(["Stream:FlushInterval=00:00:00"], time, table: first.Table);
        var feeds = host.Services.GetRequiredService<TopicFeedRegistry>();
        await using var all = await host.OpenAsync("events/a");
        await using var some = await host.OpenAsync("events/a?type=order");
        foreach (var stream in (SseStream[])[all, some])
        {
            await stream.ReadFrameAsync();
            await stream.ReadFrameAsync();
        }

        var ids = await PublishAsync(host, "a", "dull", "1", "2", "3");
        Assert.Equal(3, (await all.ReadEventsAsync(3)).Count); // pushed to both by then, or about to be
        var fourth = (await PublishAsync(host, "a", "dull", "4"))[0];
        await all.ReadEventAsync();
        time.Advance(Heartbeat);

        Assert.Equal(":", await some.ReadFrameAsync());
        var cursor = await some.ReadFrameAsync();
        Assert.Contains(cursor, (string?[])[SseMessage.CursorFrame(ids[2]), SseMessage.CursorFrame(fourth)]);
        Assert.Equal(1, feeds.Count);
    }

    [Fact]
    public async Task Heartbeat_has_no_cursor_when_the_client_knows_it()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var first = await TestHost.StartAsync();
        await first.PublishAsync("a", "makes the table, which takes more than a clock that stands still");
        await using var host = await TestHost.StartAsync(["Stream:FlushInterval=00:00:00"], time, table: first.Table);
        await using var stream = await host.OpenLiveAsync("events/a?type=order");
        await PublishAsync(host, "a", "order", "1");
        await stream.ReadEventAsync();

        time.Advance(Heartbeat);
        Assert.Equal(":", await stream.ReadFrameAsync());
        time.Advance(Heartbeat);
        Assert.Equal(":", await stream.ReadFrameAsync());
    }

    /// <summary>Wherever the connection breaks, and however the topics' events are mixed, each wanted event comes once.</summary>
    [Theory]
    [InlineData("events/a?type=order")]
    [InlineData("events?topic=a&topic=b&type=order&type=message")]
    public async Task Reconnect_is_exact_wherever_the_response_was_cut(string path)
    {
        await using var host = await TestHost.StartAsync();
        foreach (var topic in (string[])["a", "b", "a", "b"])
            await PublishAllAsync(host, topic);

        var whole = await host.Client.GetByteArrayAsync($"{path}&mode=poll&from=start");
        var all = EventSourceCursor.After(whole);

        for (var cut = 0; cut <= whole.Length; cut++)
        {
            var before = EventSourceCursor.After(whole.AsSpan(0, cut));
            var rest = before.LastEventId is null ? whole : await host.Client.GetByteArrayAsync($"{path}&mode=poll&lastEventId={before.LastEventId}");
            Assert.Equal(all.Events.Select(Key).Order(), before.Events.Concat(EventSourceCursor.After(rest).Events).Select(Key).Order());
        }

        Assert.Equal(path.Contains("topic=b", StringComparison.Ordinal) ? 12 : 4, all.Events.Count);

        static string Key(SseMessage message) => $"{message.Type} {message.Data}";
    }

    [Fact]
    public async Task Reset_reaches_a_client_that_wants_none_of_the_types()
    {
        await using var host = await TestHost.StartAsync();
        await PublishAllAsync(host, "a");

        await using var stream = await host.OpenAsync("events/a?type=none&mode=poll", "garbage");

        Assert.Equal("sse.reset", (await stream.ReadEventAsync())?.Type);
        Assert.Null(await stream.ReadEventAsync());
    }

    /// <summary>Streams of several filters and of none, each with its own events, while all are pushed at once.</summary>
    [Fact]
    public async Task Streams_with_other_filters_get_what_is_theirs_of_the_same_pushes()
    {
        await using var host = await TestHost.StartAsync();
        string[] filters = ["", "type=0", "type=1", "type=0&type=2", "type=0", "type=9"];
        var streams = new List<SseStream>();
        foreach (var filter in filters)
        {
            streams.Add(await host.OpenAsync($"events/a?{filter}"));
            await streams[^1].ReadFrameAsync();
            await streams[^1].ReadFrameAsync();
        }

        for (var i = 0; i < 90; i++)
            await PublishAsync(host, "a", $"{i % 3}", $"{i}");

        await CompleteAsync(host, "a");

        for (var i = 0; i < filters.Length; i++)
        {
            var expected = Enumerable.Range(0, 90).Where(number => filters[i].Length == 0 || filters[i].Split('&').Contains($"type={number % 3}"));
            Assert.Equal(string.Join(',', expected), Data(await streams[i].ReadToEndAsync()));
            await streams[i].DisposeAsync();
        }
    }

    private static async Task PublishAllAsync(TestHost host, string topic)
    {
        foreach (var (type, text) in ((string, string)[])[("order", "1"), ("", "2"), ("dull", "3"), ("order", "4"), ("dull", "5")])
            await PublishAsync(host, topic, type, text);
    }

    private static async Task<IReadOnlyList<string>> PublishAsync(TestHost host, string topic, string type, params string[] texts)
    {
        var ids = new List<string>();
        foreach (var text in texts)
        {
            using var body = new StringContent(text, Encoding.UTF8, "text/plain");
            using var answer = await host.Client.PostAsync($"events/{topic}?type={type}", body).WaitAsync(SseStream.Timeout);
            ids.Add((await answer.Content.ReadAsStringAsync()).Split('"')[3]);
        }

        return ids;
    }

    private static async Task CompleteAsync(TestHost host, params string[] topics)
    {
        foreach (var topic in topics)
        {
            using var answer = await host.Client.PostAsync($"topics/{topic}/complete", null);
            answer.EnsureSuccessStatusCode();
        }
    }

    private static string Data(IEnumerable<string> frames) => string.Join(',', SseMessage.In(frames).Select(message => message.Data));
}
