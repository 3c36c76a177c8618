using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.EventLog;
using SseFunctions.Tests.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

/// <summary>Where a stream begins, and what it says when it cannot begin there (promise 3).</summary>
public class ReplayTests
{
    [Fact]
    public async Task Stream_continues_after_the_last_event_id_and_goes_live()
    {
        await using var host = await TestHost.StartAsync();
        var ids = await host.PublishAsync("a", "1", "2", "3");
        await using var stream = await host.OpenAsync("events/a", ids[0]);

        var replayed = await stream.ReadEventsAsync(2);
        var live = await host.PublishAsync("a", "4");
        var next = await stream.ReadEventAsync();

        Assert.Equal([new(ids[1], "message", "2"), new(ids[2], "message", "3")], replayed);
        Assert.Equal(new(live[0], "message", "4"), next);
    }

    /// <summary>Time stands still: no look at the head comes later and finds it.</summary>
    [Fact]
    public async Task Stream_gets_what_its_own_process_writes_while_the_first_head_is_read()
    {
        await using var storage = await StorageProxy.StartAsync();
        await using var other = await TestHost.StartAsync();
        await other.PublishAsync("other", "makes the table");
        await using var host = await TestHost.StartAsync(time: new FakeTimeProvider(DateTimeOffset.UtcNow), connectionString: storage.ConnectionString, table: other.Table);
        var ids = await host.PublishAsync("a", "1");
        storage.Intercept = Faults.On(
            call => call.Method == "GET" && call.PathAndQuery.Contains("head", StringComparison.Ordinal),
            async call =>
            {
                using var answer = await call.ForwardAsync();
                await host.PublishAsync("a", "2");
                await call.ReplyAsync(answer);
            });

        await using var stream = await host.OpenAsync("events/a", ids[0]);

        Assert.Equal("2", (await stream.ReadEventAsync().WaitAsync(SseStream.Timeout))!.Data);
    }

    [Theory]
    [InlineData("from=start", "1,2,3")]
    [InlineData("last=2", "2,3")]
    [InlineData("last=99", "1,2,3")]
    [InlineData("last=0", "")]
    [InlineData("from=now", "")]
    [InlineData("", "")]
    public async Task Stream_begins_where_the_query_says(string query, string expected)
    {
        await using var host = await TestHost.StartAsync();
        await host.PublishAsync("a", "1", "2", "3");
        await using var stream = await host.OpenAsync($"events/a?mode=poll&{query}");

        var frames = await stream.ReadToEndAsync();

        Assert.Equal(expected, string.Join(',', SseMessage.In(frames).Select(message => message.Data)));
    }

    [Fact]
    public async Task Stream_begins_after_the_query_id_unless_the_header_has_a_newer_one()
    {
        await using var host = await TestHost.StartAsync();
        var ids = await host.PublishAsync("a", "1", "2", "3");

        await using var byQuery = await host.OpenAsync($"events/a?lastEventId={ids[0]}");
        await using var byHeader = await host.OpenAsync($"events/a?lastEventId={ids[0]}", ids[1]);

        Assert.Equal("2", (await byQuery.ReadEventAsync())!.Data);
        Assert.Equal("3", (await byHeader.ReadEventAsync())!.Data);
    }

    [Fact]
    public async Task Stream_gives_an_id_before_the_first_event_so_that_a_reconnect_misses_nothing()
    {
        await using var host = await TestHost.StartAsync();
        var ids = await host.PublishAsync("a", "1");
        await using var stream = await host.OpenAsync("events/a");
        await stream.ReadFrameAsync();

        var cursor = await stream.ReadFrameAsync();
        await stream.DisposeAsync();
        await host.PublishAsync("a", "2");
        await using var again = await host.OpenAsync("events/a", ids[0]);

        Assert.Equal(SseMessage.CursorFrame(ids[0]), cursor);
        Assert.Equal("2", (await again.ReadEventAsync())!.Data);
    }

    [Fact]
    public async Task Stream_gives_an_id_even_when_the_topic_does_not_exist_yet()
    {
        await using var host = await TestHost.StartAsync();
        await using var stream = await host.OpenAsync("events/a?mode=poll");
        var frames = await stream.ReadToEndAsync();

        await host.PublishAsync("a", "1");
        await using var again = await host.OpenAsync("events/a", "0000-0");

        Assert.Contains(SseMessage.CursorFrame("0000-0"), frames);
        Assert.Equal("1", (await again.ReadEventAsync())!.Data);
    }

    [Theory]
    [InlineData("garbage", "unknown")]
    [InlineData("ABC123-1", "unknown")]
    [InlineData("abc123-zzzzzzzzz", "unknown")]
    [InlineData("zzzzzz-1", "epoch")]
    [InlineData("FUTURE", "future")]
    public async Task Stream_tells_of_the_gap_and_starts_from_the_oldest_when_the_id_is_not_its_own(string id, string reason)
    {
        await using var host = await TestHost.StartAsync();
        var ids = await host.PublishAsync("a", "1", "2");
        await using var stream = await host.OpenAsync("events/a", id == "FUTURE" ? ids[0][..7] + "zz" : id);

        var events = await stream.ReadEventsAsync(3);

        Assert.Equal("sse.reset", events[0].Type);
        var reset = JsonSerializer.Deserialize<JsonElement>(events[0].Data);
        Assert.Equal("a", reset.GetProperty("topic").GetString());
        Assert.Equal(reason, reset.GetProperty("reason").GetString());
        Assert.Equal(JsonValueKind.Null, reset.GetProperty("lost").ValueKind);
        Assert.Equal(events[0].Id, reset.GetProperty("resumeFrom").GetString());
        Assert.Equal(["1", "2"], events.Skip(1).Select(message => message.Data));
    }

    [Fact]
    public async Task Stream_tells_how_many_events_have_expired_once()
    {
        await using var host = await TestHost.StartAsync();
        var ids = await host.PublishAsync("a", "1", "2", "3", "4", "5");
        await TrimAsync(host, keep: 2);

        await using var stream = await host.OpenAsync("events/a", ids[0]);
        var events = await stream.ReadEventsAsync(3);
        await using var again = await host.OpenAsync("events/a", events[0].Id);

        Assert.Equal("sse.reset", events[0].Type);
        Assert.Equal($$"""{"topic":"a","reason":"expired","lost":2,"resumeFrom":"{{ids[2]}}"}""", events[0].Data);
        Assert.Equal(["4", "5"], events.Skip(1).Select(message => message.Data));
        Assert.Equal("4", (await again.ReadEventAsync())!.Data);
    }

    [Fact]
    public async Task Stream_says_nothing_of_expired_events_when_it_starts_from_the_oldest()
    {
        await using var host = await TestHost.StartAsync();
        await host.PublishAsync("a", "1", "2", "3");
        await TrimAsync(host, keep: 1);

        await using var stream = await host.OpenAsync("events/a?from=start");

        Assert.Equal("3", (await stream.ReadEventAsync())!.Data);
    }

    /// <summary>The rows go while the feed still holds an older head: what is missing is reported, not skipped. Time stands still: no look brings the head.</summary>
    [Fact]
    public async Task Stream_tells_of_a_gap_that_retention_tears_before_the_feed_knows_it()
    {
        await using var other = await TestHost.StartAsync();
        var ids = await other.PublishAsync("a", "1", "2", "3");
        await using var host = await TestHost.StartAsync(time: new FakeTimeProvider(DateTimeOffset.UtcNow), table: other.Table);
        await using var keepsTheFeed = await host.OpenLiveAsync("events/a");

        await TrimAsync(host, keep: 1);
        await using var stream = await host.OpenAsync("events/a", ids[0]);
        var events = await stream.ReadEventsAsync(2);

        Assert.Equal($$"""{"topic":"a","reason":"expired","lost":1,"resumeFrom":"{{ids[1]}}"}""", events[0].Data);
        Assert.Equal("3", events[1].Data);
    }

    [Fact]
    public async Task Stream_tells_of_a_new_epoch_when_the_table_was_deleted_while_it_ran()
    {
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync(connectionString: proxy.ConnectionString);
        await using var other = await TestHost.StartAsync(table: host.Table);
        await host.PublishAsync("a", "1");
        await using var stream = await host.OpenAsync("events/a?from=start");
        await stream.ReadEventAsync();
        var began = new TaskCompletionSource();
        proxy.Intercept = Faults.Before(() => began.Task, StorageProxy.PassOnAsync); // no poll sees that there is no log
        await (await TableOfAsync(host)).Client().DeleteAsync();

        var ids = await other.PublishAsync("a", "new");
        began.SetResult();
        var events = await stream.ReadEventsAsync(2);

        Assert.Equal($$"""{"topic":"a","reason":"epoch","lost":null,"resumeFrom":"{{ids[0][..7]}}0"}""", events[0].Data);
        Assert.Equal(new(ids[0], "message", "new"), events[1]);
    }

    /// <summary>
    /// Rows are missing, as if they had expired; the head, read anew, says that there is another log. Time stands still: no look finds
    /// the moment when there is no log, which a stream would be told of as a deletion.
    /// </summary>
    [Fact]
    public async Task Stream_tells_of_the_new_epoch_alone_when_the_log_began_anew_before_the_feed_knows_it()
    {
        await using var other = await TestHost.StartAsync();
        var old = await other.PublishAsync("a", "1", "2", "3", "4");
        await using var host = await TestHost.StartAsync(time: new FakeTimeProvider(DateTimeOffset.UtcNow), table: other.Table);
        await using var keepsTheFeed = await host.OpenLiveAsync("events/a");
        await (await TableOfAsync(host)).Client().DeleteAsync();
        await using var third = await TestHost.StartAsync(table: host.Table);
        var ids = await third.PublishAsync("a", "new 1", "new 2");

        await using var stream = await host.OpenAsync("events/a", old[0]);
        var events = await stream.ReadEventsAsync(3);
        var kept = await keepsTheFeed.ReadEventsAsync(3);

        Assert.Equal($$"""{"topic":"a","reason":"epoch","lost":null,"resumeFrom":"{{ids[0][..7]}}0"}""", events[0].Data);
        Assert.Equal(ids, events.Skip(1).Select(message => message.Id));
        Assert.Equal(events, kept);
    }

    /// <summary>The rows of the old log are on their way when the new one begins: they are not delivered under its ids.</summary>
    [Fact]
    public async Task Stream_delivers_nothing_of_the_old_epoch_when_its_rows_arrive_after_the_new_one_began()
    {
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync(["Stream:PollInterval=00:00:00.050"], connectionString: proxy.ConnectionString);
        await using var other = await TestHost.StartAsync(table: host.Table);
        await using var third = await TestHost.StartAsync(table: host.Table);
        await other.PublishAsync("a", "old 1", "old 2");
        var (inFlight, began, release) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        proxy.Intercept = async call =>
        {
            if (!call.IsQuery || ChangeFeedTests.IsChangePoll(call) || inFlight.Task.IsCompleted)
            {
                await (inFlight.Task.IsCompleted ? began.Task : Task.CompletedTask); // no poll sees that there is no log
                await StorageProxy.PassOnAsync(call);
                return;
            }

            using var answer = await call.ForwardAsync();
            inFlight.SetResult();
            await release.Task;
            await call.ReplyAsync(answer);
        };
        await using var stream = await host.OpenAsync("events/a?from=start");
        await inFlight.Task.WaitAsync(SseStream.Timeout);

        await (await TableOfAsync(host)).Client().DeleteAsync();
        var ids = await third.PublishAsync("a", "new 1", "new 2", "new 3");
        began.SetResult();
        var reset = await stream.ReadEventAsync(); // so the feed knows the new log
        release.SetResult();
        var events = await stream.ReadEventsAsync(3);

        Assert.Equal("sse.reset", reset!.Type);
        Assert.Equal(ids, events.Select(message => message.Id));
        Assert.Equal(["new 1", "new 2", "new 3"], events.Select(message => message.Data));
    }

    /// <summary>Each poll is overtaken by a write of this process, and still brings what the reader in doubt waits for.</summary>
    [Fact]
    public async Task Stream_learns_that_its_id_is_foreign_when_every_poll_is_overtaken_by_a_write()
    {
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync(["Stream:PollInterval=00:00:00.050"], connectionString: proxy.ConnectionString);
        await host.PublishAsync("a", "1");
        await using var keepsTheFeed = await host.OpenLiveAsync("events/a");
        proxy.Intercept = async call =>
        {
            if (call.Method != "GET")
            {
                await StorageProxy.PassOnAsync(call);
                return;
            }

            using var answer = await call.ForwardAsync();
            await host.PublishAsync("a", "meanwhile");
            await call.ReplyAsync(answer);
        };

        await using var stream = await host.OpenAsync("events/a", "zzzzzz-1");

        Assert.Equal("sse.reset", (await stream.ReadEventAsync())!.Type);
        proxy.Intercept = null;
        var ids = await host.PublishAsync("a", "last");
        var live = new List<SseMessage>();
        while (live.LastOrDefault()?.Id != ids[0])
            live.Add((await keepsTheFeed.ReadEventAsync())!);

        Assert.All(live, message => Assert.Equal("message", message.Type)); // no poll has taken back what it has
        Assert.Equal(live.Count, live.DistinctBy(message => message.Id).Count());
    }

    /// <summary>The poll brings nothing new, and that is the answer.</summary>
    [Fact]
    public async Task Stream_learns_that_its_id_is_foreign_when_the_topic_is_quiet()
    {
        await using var host = await TestHost.StartAsync(["Stream:PollInterval=00:00:00.050"]);
        await host.PublishAsync("a", "1");
        await using var keepsTheFeed = await host.OpenLiveAsync("events/a");

        await using var stream = await host.OpenAsync("events/a", "zzzzzz-1");

        Assert.Equal("sse.reset", (await stream.ReadEventAsync())!.Type);
    }

    /// <summary>Another instance has delivered an id that this one's feed has not polled yet: no reset, it only has to wait.</summary>
    [Fact]
    public async Task Stream_waits_for_news_when_the_id_is_ahead_of_its_feed()
    {
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync(connectionString: proxy.ConnectionString);
        await using var other = await TestHost.StartAsync(table: host.Table);
        await other.PublishAsync("a", "1");
        await using var keepsTheFeed = await host.OpenAsync("events/a?from=start");
        await keepsTheFeed.ReadEventAsync();

        var newest = await other.PublishAsync("a", "2");
        await using var stream = await host.OpenAsync("events/a", newest[0]);
        var after = await other.PublishAsync("a", "3");

        Assert.Equal(new(after[0], "message", "3"), await stream.ReadEventAsync());
    }

    [Fact]
    public async Task Stream_delivers_the_rest_of_a_complete_topic_and_then_answers_204()
    {
        await using var host = await TestHost.StartAsync();
        var ids = await host.PublishAsync("a", "1", "2");
        await using var live = await host.OpenAsync("events/a", ids[0]);
        await live.ReadEventAsync();

        using var completed = await host.Client.PostAsync("topics/a/complete", null);
        var closing = await live.ReadToEndAsync();
        await using var later = await host.OpenAsync("events/a", ids[0]);
        var rest = await later.ReadToEndAsync();
        await using var fullyRead = await host.OpenAsync("events/a", ids[1]);
        await using var now = await host.OpenAsync("events/a");
        await using var unknown = await host.OpenAsync("events/a", "garbage");

        Assert.Equal(HttpStatusCode.OK, completed.StatusCode);
        Assert.Contains("the topic is complete", closing[^1], StringComparison.Ordinal);
        Assert.Contains(rest, frame => frame.EndsWith("data: 2", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.NoContent, fullyRead.Response.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, now.Response.StatusCode);
        Assert.Equal("sse.reset", (await unknown.ReadEventAsync())!.Type);
    }

    [Fact]
    public async Task Stream_reads_slice_after_slice_when_it_has_far_to_go()
    {
        await using var host = await TestHost.StartAsync();
        var log = (await TableOfAsync(host)).Log();
        var texts = Enumerable.Range(1, 1000).Select(i => $"event {i}").ToList();
        foreach (var batch in texts.Chunk(98))
            await log.AppendAsync(Topic.Parse("a"), [.. batch.Select(text => new NewEvent(null, System.Text.Encoding.UTF8.GetBytes(text)))], null, CancellationToken.None);

        await using var stream = await host.OpenAsync("events/a?from=start");

        Assert.Equal(texts, (await stream.ReadEventsAsync(texts.Count)).Select(message => message.Data));
    }

    private static async Task<LogTable> TableOfAsync(TestHost host) => new(await TestStorage.ConnectionStringAsync(), host.Table);

    internal static async Task TrimAsync(TestHost host, long keep, string topic = "a") => await (await TableOfAsync(host)).Trimmer()
        .TrimAsync(keep, entry: LogActions.Entry(Topic.Parse(topic)));
}
