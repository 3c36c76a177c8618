using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using SseFunctions.EventLog;
using SseFunctions.Tests.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

/// <summary>Several topics on one connection: an id is the cursor of all, and a reconnect is exact in each.</summary>
public class SeveralTopicsTests
{
    private static readonly string[] Topics = ["b", "a", "c"];

    [Fact]
    public async Task Reconnect_is_exact_in_every_topic_wherever_the_response_was_cut()
    {
        await using var host = await TestHost.StartAsync();
        await PublishInTurnAsync(host, 4);
        var whole = await host.Client.GetByteArrayAsync(Path("mode=poll&from=start"));
        var all = EventSourceCursor.After(whole);

        for (var cut = 0; cut <= whole.Length; cut++)
        {
            var before = EventSourceCursor.After(whole.AsSpan(0, cut));
            var rest = before.LastEventId is null ? whole : await PollAsync(host, before.LastEventId);
            AssertAllOnce(before.Events.Concat(EventSourceCursor.After(rest).Events));
        }

        AssertAllOnce(all.Events);

        static void AssertAllOnce(IEnumerable<SseMessage> events) => Assert.All(
            events.GroupBy(message => message.Data[0]),
            topic => Assert.Equal(Enumerable.Range(1, 4).Select(i => $"{topic.Key}{i}"), topic.Select(message => message.Data)));
    }

    /// <summary>A client that got the report of one topic and was then cut off gets those of the others as well.</summary>
    [Fact]
    public async Task Every_topic_is_reset_wherever_the_response_was_cut()
    {
        await using var host = await TestHost.StartAsync();
        await PublishInTurnAsync(host, 1);
        var whole = await PollAsync(host, "garbage");

        for (var cut = 0; cut <= whole.Length; cut++)
        {
            var before = EventSourceCursor.After(whole.AsSpan(0, cut), "garbage");
            var rest = EventSourceCursor.After(await PollAsync(host, before.LastEventId!));
            var events = before.Events.Concat(rest.Events).ToList();
            Assert.Equal(["a", "b", "c"], events.Where(message => message.Type == "sse.reset").Select(message => JsonSerializer.Deserialize<JsonElement>(message.Data).GetProperty("topic").GetString()!).Distinct().Order());
            Assert.Equal(["a1", "b1", "c1"], events.Where(message => message.Type == "message").Select(message => message.Data).Order());
        }
    }

    [Fact]
    public async Task Live_events_of_every_topic_arrive_under_ids_that_tell_of_all()
    {
        await using var host = await TestHost.StartAsync();
        await PublishInTurnAsync(host, 1);
        await using var stream = await host.OpenAsync(Path(""));
        await stream.ReadFrameAsync();
        var start = await stream.ReadFrameAsync();

        var b = await host.PublishAsync("b", "live b");
        var first = await stream.ReadEventAsync();
        var a = await host.PublishAsync("a", "live a");
        var second = await stream.ReadEventAsync();

        var (a0, b0, c0) = (await LastAsync(host, "a", before: 1), await LastAsync(host, "b", before: 1), await LastAsync(host, "c", before: 0));
        Assert.Equal(SseMessage.CursorFrame($"{a0}.{b0}.{c0}"), start);
        Assert.Equal(new SseMessage($"{a0}.{b[0]}.{c0}", "message", "live b"), first);
        Assert.Equal(new SseMessage($"{a[0]}.{b[0]}.{c0}", "message", "live a"), second);
    }

    [Fact]
    public async Task Topics_take_turns_so_that_a_busy_one_does_not_starve_the_others()
    {
        await using var host = await TestHost.StartAsync();
        await using var keepsTheFeeds = await host.OpenLiveAsync("events?topic=a&topic=b");
        var large = new string('x', 60_000); // one fills a slice
        await host.PublishAsync("a", $"1{large}", $"2{large}", $"3{large}", $"4{large}");
        await host.PublishAsync("b", "5");
        await keepsTheFeeds.ReadEventsAsync(5); // all are in memory

        await using var stream = await host.OpenAsync("events?topic=a&topic=b&from=start");
        var events = await stream.ReadEventsAsync(5);

        Assert.Equal("15234", string.Concat(events.Select(message => message.Data[0])));
    }

    [Fact]
    public async Task Order_and_repetition_of_the_names_do_not_matter()
    {
        await using var host = await TestHost.StartAsync();
        await PublishInTurnAsync(host, 2);
        var cursor = EventSourceCursor.After(await host.Client.GetByteArrayAsync("events?topic=c&topic=b&topic=a&topic=c&mode=poll")).LastEventId!;

        await host.PublishAsync("b", "next");
        var again = EventSourceCursor.After(await PollAsync(host, cursor));

        Assert.Equal(["next"], again.Events.Select(message => message.Data));
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("abc123-1")]
    [InlineData("abc123-1.abc123-1")]
    [InlineData("abc123-1.abc123-1.abc123-1.abc123-1")]
    [InlineData("abc123-1..abc123-1")]
    [InlineData("abc123-1.garbage.abc123-1")]
    public async Task Every_topic_is_reset_once_when_the_id_is_not_one_of_these_topics(string id)
    {
        await using var host = await TestHost.StartAsync();
        await PublishInTurnAsync(host, 1);

        var answer = EventSourceCursor.After(await PollAsync(host, id));
        var again = EventSourceCursor.After(await PollAsync(host, answer.LastEventId!));

        var resets = answer.Events.Where(message => message.Type == "sse.reset").Select(message => JsonSerializer.Deserialize<JsonElement>(message.Data)).ToList();
        Assert.Equal(["a", "b", "c"], resets.Select(reset => reset.GetProperty("topic").GetString()).Order());
        Assert.All(resets, reset => Assert.Equal("unknown", reset.GetProperty("reason").GetString()));
        Assert.Equal(["a1", "b1", "c1"], answer.Events.Where(message => message.Type == "message").Select(message => message.Data).Order());
        Assert.Empty(again.Events);
    }

    [Fact]
    public async Task Only_the_topic_whose_events_have_expired_is_reset()
    {
        await using var host = await TestHost.StartAsync();
        await PublishInTurnAsync(host, 1);
        var cursor = EventSourceCursor.After(await host.Client.GetByteArrayAsync(Path("mode=poll&from=start"))).LastEventId!;
        await PublishInTurnAsync(host, 3, from: 2);
        await ReplayTests.TrimAsync(host, keep: 1, topic: "b");

        await using var fresh = await TestHost.StartAsync(table: host.Table); // without the expired frames in memory
        var answer = EventSourceCursor.After(await PollAsync(fresh, cursor));

        var reset = Assert.Single(answer.Events, message => message.Type == "sse.reset");
        Assert.Contains("\"topic\":\"b\",\"reason\":\"expired\",\"lost\":2", reset.Data, StringComparison.Ordinal);
        Assert.Equal(["a2", "a3", "a4", "b4", "c2", "c3", "c4"], answer.Events.Where(message => message != reset).Select(message => message.Data).Order());
    }

    [Fact]
    public async Task Stream_ends_and_is_204_when_all_its_topics_are_complete_and_read()
    {
        await using var host = await TestHost.StartAsync();
        await PublishInTurnAsync(host, 1);
        await using var stream = await host.OpenAsync(Path("from=start"));
        await stream.ReadEventsAsync(3);

        await CompleteAsync(host, "a");
        await CompleteAsync(host, "b");
        await host.PublishAsync("c", "last");
        var last = await stream.ReadEventAsync();
        await CompleteAsync(host, "c");
        var rest = await stream.ReadToEndAsync();
        await using var again = await host.OpenAsync(Path(""), last!.Id);

        Assert.Equal("last", last.Data);
        Assert.Contains("the topic is complete", rest[^1], StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, again.Response.StatusCode);
    }

    [Fact]
    public async Task Stream_is_not_204_while_one_of_its_topics_goes_on()
    {
        await using var host = await TestHost.StartAsync();
        await PublishInTurnAsync(host, 1);
        await CompleteAsync(host, "a");
        await CompleteAsync(host, "b");
        await using var stream = await host.OpenLiveAsync(Path(""));

        var ids = await host.PublishAsync("c", "more");

        Assert.EndsWith(ids[0], (await stream.ReadEventAsync())!.Id!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_waits_for_no_topic_that_storage_withholds_but_says_so_and_ends()
    {
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync(connectionString: proxy.ConnectionString);
        await PublishInTurnAsync(host, 1);
        proxy.Intercept = async call =>
        {
            if (call.PathAndQuery.Contains("PartitionKey='b'", StringComparison.Ordinal))
                call.Reply(503);
            else
                await StorageProxy.PassOnAsync(call);
        };

        await using var stream = await host.OpenAsync(Path("from=start"));

        Assert.Equal(HttpStatusCode.OK, stream.Response.StatusCode);
        Assert.Contains("storage cannot be reached", (await stream.ReadToEndAsync())[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("topic=1&topic=2&topic=3&topic=4&topic=5&topic=6&topic=7&topic=8&topic=9", 9)]
    public async Task Count_of_topics_outside_its_limits_is_a_problem_that_names_them(string query, int? size)
    {
        await using var host = await TestHost.StartAsync();

        using var answer = await host.Client.GetAsync($"events?{query}");

        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("topic", problem.GetProperty("field").GetString());
        Assert.Equal(size is null ? null : 8, problem.TryGetProperty("limit", out var limit) ? limit.GetInt32() : (int?)null);
        Assert.Equal(size, problem.TryGetProperty("size", out var given) ? given.GetInt32() : null);
    }

    [Theory]
    [InlineData("topic=a&topic=&mode=poll", HttpStatusCode.OK)] // an empty value is none
    [InlineData("topic=a&topic=%21head", HttpStatusCode.BadRequest)]
    [InlineData("topic=a&topic=secret", HttpStatusCode.Unauthorized)]
    [InlineData("topic=a&last=-1", HttpStatusCode.BadRequest)]
    public async Task One_bad_or_forbidden_topic_refuses_all(string query, HttpStatusCode status)
    {
        await using var host = await TestHost.StartAsync(["Access:AnonymousTopics=a"]);

        using var answer = await host.Client.GetAsync($"events?{query}");

        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task Ids_of_eight_topics_fit_in_a_header_that_needs_no_preflight()
    {
        await using var host = await TestHost.StartAsync();
        await using var stream = await host.OpenAsync("events?mode=poll&" + string.Join('&', Enumerable.Range(0, 8).Select(i => $"topic={new string('x', 63)}{i}")));

        var cursor = (await stream.ReadToEndAsync()).Single(frame => frame.StartsWith("id: ", StringComparison.Ordinal)).Split('\n')[0]["id: ".Length..];

        Assert.Equal(string.Join('.', Enumerable.Repeat(EventId.Start, 8)), cursor);
        Assert.InRange(cursor.Length, 1, 128);
    }

    private static string Path(string query) => $"events?{string.Join('&', Topics.Select(topic => $"topic={topic}"))}&{query}";

    private static async Task<byte[]> PollAsync(TestHost host, string lastEventId)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Path("mode=poll"));
        request.Headers.Add("Last-Event-ID", lastEventId);
        using var answer = await host.Client.SendAsync(request).WaitAsync(SseStream.Timeout);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsByteArrayAsync();
    }

    private static async Task PublishInTurnAsync(TestHost host, int count, int from = 1)
    {
        for (var i = from; i < from + count; i++)
        {
            foreach (var topic in Topics)
                await host.PublishAsync(topic, $"{topic}{i}");
        }
    }

    private static async Task CompleteAsync(TestHost host, string topic)
    {
        using var answer = await host.Client.PostAsync($"topics/{topic}/complete", null);
        answer.EnsureSuccessStatusCode();
    }

    /// <returns>The id of the event so many before the last.</returns>
    private static async Task<EventId> LastAsync(TestHost host, string topic, int before)
    {
        var state = await host.Client.GetFromJsonAsync<JsonElement>($"topics/{topic}");
        Assert.True(EventId.TryParse(state.GetProperty("last").GetString(), out var last));
        return last with { Sequence = last.Sequence - before };
    }
}
