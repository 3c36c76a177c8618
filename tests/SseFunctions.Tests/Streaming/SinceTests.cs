using System.Globalization;
using System.Net;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.EventLog;
using SseFunctions.Tests.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

/// <summary>?since= on streams and polls: a place by the table's clock, found without holding anything back.</summary>
public class SinceTests
{
    private const string Ever = "since=1970-01-01T00:00:00Z";
    private const string Later = "since=2999-12-31T23:59:59Z";

    [Theory]
    [InlineData("events/a?mode=poll&since={2}", "2,3")]
    [InlineData("events/a?mode=poll&since={3}", "3")]
    [InlineData("events/a?mode=poll&since=1h", "1,2,3")]
    [InlineData("events/a?mode=poll&since=1h&last=1&from=now", "1,2,3")]
    [InlineData("events/a?mode=poll&since=1h&type=none", "")]
    [InlineData("events/a?mode=poll&" + Later, "")]
    [InlineData("events/a?mode=long-poll&since={3}", "3")]
    [InlineData("events?topic=a&topic=b&mode=poll&since={2}", "2,3,b1")]
    [InlineData("events?topic=a&topic=none&mode=poll&since={2}", "2,3")]
    public async Task Stream_begins_at_the_time(string path, string expected)
    {
        await using var host = await TestHost.StartAsync();
        foreach (var number in (int[])[1, 2, 3])
        {
            await host.PublishAsync("a", $"{number}");
            for (var tick = 1; tick == 1 || await StampAsync(host, $"tick{number}", tick - 1) <= await StampAsync(host, "a", number); tick++)
                await host.PublishAsync($"tick{number}", $"{tick}"); // events within one tick of the table's clock cannot be told apart
        }

        await host.PublishAsync("b", "b1");
        for (var number = 2; number <= 3; number++)
            path = path.Replace($"{{{number}}}", (await StampAsync(host, "a", number)).ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture), StringComparison.Ordinal);

        await using var stream = await host.OpenAsync(path);

        Assert.Equal(expected, string.Join(',', SseMessage.In(await stream.ReadToEndAsync()).Select(message => message.Data).Order()));
    }

    [Fact]
    public async Task Stream_goes_on_live_and_a_last_event_id_goes_before_the_time()
    {
        await using var host = await TestHost.StartAsync();
        var ids = await host.PublishAsync("a", "1", "2");
        await using var stream = await host.OpenAsync($"events/a?{Ever}");
        await using var resumed = await host.OpenAsync($"events/a?{Ever}", ids[0]);

        Assert.Equal(["1", "2"], (await stream.ReadEventsAsync(2)).Select(message => message.Data));
        Assert.Equal("2", (await resumed.ReadEventAsync())!.Data);

        await host.PublishAsync("a", "3");
        Assert.Equal("3", (await stream.ReadEventAsync())!.Data);
    }

    /// <summary>The head that the search reads is newer than the one that the feed knows: no gap.</summary>
    [Fact]
    public async Task Stream_begins_without_a_reset_when_the_feed_knows_less_than_the_search_has_found()
    {
        await using var storage = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync(["Stream:PollInterval=00:00:02"], connectionString: storage.ConnectionString);
        await using var writer = await TestHost.StartAsync(table: host.Table);
        await writer.PublishAsync("a", "1");
        await using var keepsTheFeed = await host.OpenLiveAsync("events/a"); // so that the next head is the search's
        storage.Intercept = Faults.On(
            call => call.PathAndQuery.Contains("head", StringComparison.Ordinal),
            Faults.Before(() => writer.PublishAsync("a", "2"), StorageProxy.PassOnAsync));

        await using var stream = await host.OpenAsync($"events/a?{Later}");
        await stream.ReadFrameAsync();
        var cursor = await stream.ReadFrameAsync();

        Assert.Contains("event: sse.cursor", cursor, StringComparison.Ordinal);
        Assert.Contains("-2\n", cursor, StringComparison.Ordinal);
    }

    [Fact]
    public async Task First_bytes_do_not_wait_for_the_search_and_the_stream_ends_when_it_fails()
    {
        var release = new TaskCompletionSource();
        await using var storage = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync(connectionString: storage.ConnectionString);
        await host.PublishAsync("a", "1");
        await using var keepsTheFeed = await host.OpenLiveAsync("events/a");
        storage.Intercept = async call =>
        {
            await release.Task;
            call.Reply(403);
        };

        await using var stream = await host.OpenAsync($"events/a?{Ever}");
        Assert.StartsWith("retry: ", await stream.ReadFrameAsync(), StringComparison.Ordinal);
        release.SetResult();

        Assert.Contains("storage cannot be reached", (await stream.ReadToEndAsync())[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clients_that_come_together_with_one_time_share_its_search()
    {
        const int Clients = 50;
        var release = new TaskCompletionSource();
        await using var storage = await StorageProxy.StartAsync();
        await using var other = await TestHost.StartAsync();
        await other.PublishAsync("a", "1");
        // Time stands still: what is found out is known for a second only.
        await using var host = await TestHost.StartAsync(time: new FakeTimeProvider(DateTimeOffset.UtcNow), connectionString: storage.ConnectionString, table: other.Table);
        await using var keepsTheFeed = await host.OpenLiveAsync("events/a");
        var events = 0;
        storage.Intercept = async call =>
        {
            Interlocked.Add(ref events, call.PathAndQuery.Contains("0000000001", StringComparison.Ordinal) ? 1 : 0); // a read of the event's row
            await release.Task;
            await StorageProxy.PassOnAsync(call);
        };

        var streams = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => host.OpenAsync("events/a?mode=poll&since=1h")));
        release.SetResult();

        foreach (var stream in streams)
        {
            Assert.Equal("1", (await stream.ReadEventAsync())?.Data);
            await stream.DisposeAsync();
        }

        Assert.InRange(events, 1, 4); // the search's, and a load's
    }

    /// <summary>Where the time is takes a while, and so the first answer is a stream.</summary>
    [Fact]
    public async Task Complete_topic_is_read_to_its_end_and_then_answers_204()
    {
        await using var host = await TestHost.StartAsync();
        await host.PublishAsync("a", "1");
        using var completed = await host.Client.PostAsync("topics/a/complete", null);

        var answer = EventSourceCursor.After(await host.Client.GetByteArrayAsync($"events/a?{Ever}"));
        using var again = await host.Client.GetAsync($"events/a?{Ever}&lastEventId={answer.LastEventId}");

        Assert.Equal(["1"], answer.Events.Select(message => message.Data));
        Assert.Equal(HttpStatusCode.NoContent, again.StatusCode);
    }

    /// <returns>When the table took an event.</returns>
    private static async Task<DateTimeOffset> StampAsync(TestHost host, string topic, long sequence) =>
        await new LogTable(await TestStorage.ConnectionStringAsync(), host.Table).TimestampAsync(Topic.Parse(topic), sequence);
}
