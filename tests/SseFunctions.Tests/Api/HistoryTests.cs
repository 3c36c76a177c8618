using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.EventLog;
using SseFunctions.Streaming;
using SseFunctions.Tests.Access;
using SseFunctions.Tests.EventLog;
using SseFunctions.Tests.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>GET topics/{topic}/events: pages of a topic's events, forwards and backwards, and what they say about gaps.</summary>
public class HistoryTests(AccessHost shared) : IClassFixture<AccessHost>
{
    private readonly TestHost host = shared.Host;
    private readonly string topic = $"open.{Guid.NewGuid():N}";

    [Fact]
    public async Task Event_has_its_id_type_time_and_data()
    {
        var before = DateTimeOffset.UtcNow;
        var ids = await host.PublishAsync(topic, "Hello\nyou");

        var stored = Assert.Single((await ReadAsync("")).GetProperty("events").EnumerateArray());

        Assert.Equal(["id", "type", "time", "data"], stored.EnumerateObject().Select(member => member.Name));
        Assert.Equal((ids[0], "message", "Hello\nyou"), (stored.GetProperty("id").GetString(), stored.GetProperty("type").GetString(), stored.GetProperty("data").GetString()));
        Assert.InRange(stored.GetProperty("time").GetDateTimeOffset(), before, DateTimeOffset.UtcNow);
        Assert.EndsWith("Z", stored.GetProperty("time").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/json", """{"a":[1, 2.50,"\u0041"]}""", """{"a":[1, 2.50,"\u0041"]}""")]
    [InlineData("application/json", " -1e400 ", "-1e400")]
    [InlineData("application/json", "{\n\"a\" :\r\n1}", "{\n\"a\" :\n1}")]
    [InlineData("text/plain", "true", "true")]
    [InlineData("text/plain", "\"", "\"\\\"\"")]
    [InlineData("text/plain", "True", "\"True\"")]
    [InlineData("text/plain", "{\"a\":}", "\"{\\\"a\\\":}\"")]
    [InlineData("text/plain", "\"\\ud800\"", "\"\\\"\\\\ud800\\\"\"")] // half a character: no strict parser takes that value
    [InlineData("text/plain", "2026-11-25T19:22:25Z", "\"2026-11-25T19:22:25Z\"")]
    [InlineData("text/plain", "1-1", "\"1-1\"")]
    [InlineData("text/plain", "", "\"\"")]
    [InlineData("text/plain", "é🚀\u0001\t", "\"é\\uD83D\\uDE80\\u0001\\t\"")]
    [InlineData("text/plain", "a\r\nb\rc\n", "\"a\\nb\\nc\\n\"")]
    public async Task Data_is_a_value_when_it_is_json_and_else_a_string(string contentType, string body, string expected)
    {
        using var content = new StringContent(body, Encoding.UTF8, contentType);
        using var published = await host.Client.PostAsync($"events/{topic}", content);
        published.EnsureSuccessStatusCode();

        var data = (await ReadAsync("")).GetProperty("events")[0].GetProperty("data");

        Assert.Equal(expected, data.GetRawText());
    }

    [Theory]
    [InlineData("", "123456789", null)]
    [InlineData("limit=4", "1234", "4")]
    [InlineData("after={4}&limit=4", "5678", "8")]
    [InlineData("after={4}&limit=5", "56789", null)]
    [InlineData("after={9}", "", null)]
    [InlineData("after={2}&before={5}", "34", null)]
    [InlineData("after={2}&before={9}&limit=3", "345", "5")]
    [InlineData("after={5}&before={5}", "", null)]
    [InlineData("after={5}&before={3}", "", null)]
    [InlineData("before={6}&limit=3", "345", "3")]
    [InlineData("before={3}&limit=3", "12", null)]
    [InlineData("before={4}&limit=3", "123", null)]
    [InlineData("before={1}", "", null)]
    [InlineData("before={+}&limit=2", "89", "8")]
    [InlineData("since=1h&limit=2", "12", "2")]
    [InlineData("since=2999-12-31T23:59:59.5%2B01:00", "", null)]
    [InlineData("since=1970-01-01T00:00:00Z&before={3}", "12", null)]
    [InlineData("since=2000-02-29t23:59:59 01:00&before={3}", "12", null)] // a '+' that was not encoded
    [InlineData("after={7}&since=1h", "89", null)]
    [InlineData("type=odd", "13579", null)]
    [InlineData("type=odd&limit=2", "13", "3")]
    [InlineData("type=odd&type=even&limit=2&after={3}", "45", "5")]
    [InlineData("type=none&after={3}", "", null)]
    [InlineData("type=odd&before={8}&limit=2", "57", "5")]
    [InlineData("type=even&before={4}", "2", null)]
    [InlineData("after=&before=&since=&limit=&type=", "123456789", null)]
    public async Task Page_has_the_events_that_the_query_asks_for_and_says_where_the_next_begins(string query, string expected, string? next)
    {
        var ids = await PublishTypedAsync(9);

        var page = await ReadAsync(Fill(query, ids));

        Assert.Equal(expected, Data(page));
        Assert.Equal(next is null ? null : ids[int.Parse(next, null) - 1], page.GetProperty("next").GetString());
        Assert.False(page.TryGetProperty("reset", out _));
    }

    [Theory]
    [InlineData("after", "")]
    [InlineData("after", "&type=odd")]
    [InlineData("before", "")]
    [InlineData("before", "&type=odd")]
    public async Task Pages_together_have_every_event_once(string direction, string query)
    {
        var ids = await PublishTypedAsync(9);
        var (pages, next) = (new List<string>(), direction == "before" ? ids[8] : "");
        while (next is not null)
        {
            var page = await ReadAsync($"{direction}={next}&limit=2{query}");
            pages.Add(Data(page));
            next = page.GetProperty("next").GetString();
        }

        var all = string.Concat(direction == "before" ? Enumerable.Reverse(pages) : pages);
        Assert.Equal((direction, query) switch { ("after", "") => "123456789", ("after", _) => "13579", (_, "") => "12345678", _ => "1357" }, all);
    }

    [Theory]
    [InlineData("after=garbage", "unknown", null, "123")]
    [InlineData("after={foreign}", "epoch", null, "123")]
    [InlineData("after={+}", "future", null, "123")]
    [InlineData("before=garbage&limit=2", "unknown", null, "23")]
    [InlineData("before={foreign}&limit=2", "epoch", null, "23")]
    [InlineData("after={1}&before=garbage", "unknown", null, "23")]
    [InlineData("after={1}&before={foreign}", "epoch", null, "23")]
    [InlineData("after={foreign}&before={foreign}z", "epoch", null, "123")]
    public async Task Page_reports_an_id_that_is_none_of_this_log_and_goes_on_without_it(string query, string reason, int? lost, string expected)
    {
        var ids = await PublishTypedAsync(3);

        var page = await ReadAsync(Fill(query, ids));

        var reset = page.GetProperty("reset");
        Assert.Equal((topic, reason), (reset.GetProperty("topic").GetString(), reset.GetProperty("reason").GetString()));
        Assert.Equal(lost, reset.GetProperty("lost").ValueKind == JsonValueKind.Null ? null : reset.GetProperty("lost").GetInt32());
        Assert.Equal(expected, Data(page));
    }

    [Theory]
    [InlineData("after=abc123-1", "deleted")]
    [InlineData("before=abc123-1", "deleted")]
    [InlineData("", null)]
    [InlineData("since=1h", null)]
    public async Task Topic_without_a_log_has_an_empty_page(string query, string? reason)
    {
        var page = await ReadAsync(query);

        Assert.Equal("", Data(page));
        Assert.Equal(JsonValueKind.Null, page.GetProperty("next").ValueKind);
        Assert.Equal(reason, page.TryGetProperty("reset", out var reset) ? reset.GetProperty("reason").GetString() : null);
    }

    [Fact]
    public async Task Page_reports_what_retention_has_removed_and_begins_after_it()
    {
        await using var own = await TestHost.StartAsync();
        var ids = await own.PublishAsync("a", "1", "2", "3", "4", "5");
        await ReplayTests.TrimAsync(own, keep: 2);
        await using var fresh = await TestHost.StartAsync(table: own.Table); // without the expired frames in memory

        var page = await ReadAsync($"after={ids[0]}", fresh, "a");
        var back = await ReadAsync($"before={ids[4]}", fresh, "a");

        Assert.Equal(("45", $$"""{"topic":"a","reason":"expired","lost":2,"resumeFrom":"{{ids[2]}}"}"""), (Data(page), page.GetProperty("reset").GetRawText()));
        Assert.Equal("4", Data(back));
        Assert.Equal(JsonValueKind.Null, back.GetProperty("next").ValueKind);
    }

    /// <summary>A filter may leave out all that one page looks at: the page is empty, and says where to go on.</summary>
    [Fact]
    public async Task Page_looks_at_so_many_events_and_no_more_whatever_its_filter_leaves_out()
    {
        await using var own = await TestHost.StartAsync();
        var log = new LogTable(await TestStorage.ConnectionStringAsync(), own.Table).Log();
        var events = Enumerable.Repeat(new NewEvent("dull", "x"u8.ToArray()), AppendLimits.MaxEvents).ToArray();
        var rest = HistoryRequest.MaxScanned + 1;
        for (; rest > 0; rest -= events.Length)
            await log.AppendAsync(Topic.Parse("a"), events[..Math.Min(rest, events.Length)], null, CancellationToken.None);

        var last = await log.AppendAsync(Topic.Parse("a"), [new NewEvent("rare", "1"u8.ToArray())], null, CancellationToken.None);

        var forward = await ReadAsync("type=rare", own, "a");
        var second = await ReadAsync($"type=rare&after={forward.GetProperty("next").GetString()}", own, "a");
        var backward = await ReadAsync($"type=rare&before={last.Ids.Single()}", own, "a");
        var oldest = await ReadAsync($"type=rare&before={backward.GetProperty("next").GetString()}", own, "a");

        Assert.Equal(("", "1", "", ""), (Data(forward), Data(second), Data(backward), Data(oldest)));
        Assert.Equal(new SseFunctions.EventLog.EventId(last.Epoch, HistoryRequest.MaxScanned).ToString(), forward.GetProperty("next").GetString());
        Assert.Equal(JsonValueKind.Null, oldest.GetProperty("next").ValueKind);
    }

    [Theory]
    [InlineData("after={1}")]
    [InlineData("before={+}")]
    public async Task Page_ends_early_when_its_events_are_large(string query)
    {
        var large = new string('x', 60_000);
        var ids = await host.PublishAsync(topic, [.. Enumerable.Range(1, 8).Select(i => $"{i}{large}")]);

        var page = await ReadAsync(Fill(query, ids));

        Assert.Equal(query[0] == 'a' ? "2345" : "5678", string.Concat(page.GetProperty("events").EnumerateArray().Select(stored => stored.GetProperty("data").GetString()![0])));
        Assert.Equal(ids[4], page.GetProperty("next").GetString());
    }

    [Fact]
    public async Task Page_leaves_out_as_many_small_events_as_a_large_one_takes_room()
    {
        const int Small = 2000;
        await using var own = await TestHost.StartAsync();
        var log = new LogTable(await TestStorage.ConnectionStringAsync(), own.Table).Log();
        for (var rest = HistoryRequest.MaxPageBytes / Small; rest > 0; rest -= AppendLimits.MaxEvents)
            await log.AppendAsync(Topic.Parse("a"), [.. Enumerable.Repeat(new NewEvent(null, new byte[Small]), Math.Min(rest, AppendLimits.MaxEvents))], null, CancellationToken.None);

        var last = await log.AppendAsync(Topic.Parse("a"), [new NewEvent(null, new byte[60_000])], null, CancellationToken.None);

        var page = await ReadAsync($"before={new SseFunctions.EventLog.EventId(last.Epoch, last.Last + 1)}&limit=1000", own, "a");

        var sizes = page.GetProperty("events").EnumerateArray().Select(stored => stored.GetProperty("data").GetString()!.Length).ToList();
        Assert.Equal(60_000, sizes[^1]);
        Assert.InRange(sizes.Sum(), HistoryRequest.MaxPageBytes - (4 * Small) - (sizes.Count * 100), HistoryRequest.MaxPageBytes);
    }

    [Fact]
    public async Task Page_that_has_been_read_is_read_again_from_memory()
    {
        await using var storage = await StorageProxy.StartAsync();
        await using var own = await TestHost.StartAsync(connectionString: storage.ConnectionString);
        await using var writer = await TestHost.StartAsync(table: own.Table);
        var ids = await writer.PublishAsync("a", "1", "2", "3");
        await ReadAsync("", own, "a");
        var queries = 0;
        storage.Intercept = call =>
        {
            Interlocked.Add(ref queries, call.IsQuery && call.PathAndQuery.Contains("%27a%27", StringComparison.Ordinal) ? 1 : 0);
            return StorageProxy.PassOnAsync(call);
        };

        for (var i = 0; i < 20; i++)
            Assert.Equal("23", Data(await ReadAsync($"after={ids[0]}", own, "a")));

        Assert.Equal(0, queries);
    }

    [Fact]
    public async Task Page_is_answered_503_when_storage_is_down()
    {
        await using var storage = await StorageProxy.StartAsync();
        await using var own = await TestHost.StartAsync(connectionString: storage.ConnectionString);
        storage.Intercept = Faults.Refuse(403);

        using var answer = await own.Client.GetAsync("topics/a/events").WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    [Fact]
    public async Task Page_is_answered_503_when_storage_takes_more_than_5_s()
    {
        var (time, asked, release) = (new FakeTimeProvider(DateTimeOffset.UtcNow), new TaskCompletionSource(), new TaskCompletionSource());
        await using var storage = await StorageProxy.StartAsync();
        await using var own = await TestHost.StartAsync(time: time, connectionString: storage.ConnectionString);
        storage.Intercept = async call =>
        {
            asked.TrySetResult();
            await release.Task;
            await StorageProxy.PassOnAsync(call);
        };
        var page = own.Client.GetAsync("topics/a/events");
        await asked.Task.WaitAsync(SseStream.Timeout);

        time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(page.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.2));
        using var answer = await page.WaitAsync(SseStream.Timeout);
        release.SetResult();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    [Fact]
    public async Task Page_of_a_topic_too_many_is_answered_503()
    {
        await using var own = await TestHost.StartAsync(["Stream:MaxTopics=1"]);
        await using var stream = await own.OpenAsync("events/a");

        using var answer = await own.Client.GetAsync("topics/b/events").WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
        Assert.Contains("\"field\":\"topic\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static string Fill(string query, IReadOnlyList<string> ids)
    {
        query = query.Replace("{foreign}", "zzzz-2", StringComparison.Ordinal).Replace("{+}", ids[0][..^1] + "zz", StringComparison.Ordinal);
        for (var i = 0; i < ids.Count; i++)
            query = query.Replace($"{{{i + 1}}}", ids[i], StringComparison.Ordinal);

        return query;
    }

    /// <summary>Events whose data is their number, of type odd or even.</summary>
    private async Task<IReadOnlyList<string>> PublishTypedAsync(int count)
    {
        var lines = Enumerable.Range(1, count).Select(i => $$"""{"type":"{{(i % 2 == 1 ? "odd" : "even")}}","data":{{i}}}""");
        using var body = new StringContent(string.Join('\n', lines), Encoding.UTF8, "application/x-ndjson");
        using var answer = await host.Client.PostAsync($"events/{topic}", body);
        var json = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return [.. json.GetProperty("ids").EnumerateArray().Select(id => id.GetString()!)];
    }

    private static string Data(JsonElement page) => string.Concat(page.GetProperty("events").EnumerateArray().Select(stored => stored.GetProperty("data").ToString()));

    private Task<JsonElement> ReadAsync(string query) => ReadAsync(query, host, topic);

    private static async Task<JsonElement> ReadAsync(string query, TestHost of, string topic) =>
        await of.Client.GetFromJsonAsync<JsonElement>($"topics/{topic}/events?{query}").WaitAsync(SseStream.Timeout);
}
