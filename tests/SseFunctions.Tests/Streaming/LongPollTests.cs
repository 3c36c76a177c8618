using System.Globalization;
using System.Net;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

/// <summary>?mode=long-poll: an answer that has a length, and comes with the first event or after its time.</summary>
public class LongPollTests
{
    [Fact]
    public async Task Answer_comes_with_the_first_event_and_has_a_length()
    {
        await using var host = await TestHost.StartAsync();
        var ids = await host.PublishAsync("a", "1");
        var asked = AskAsync(host, $"events/a?mode=long-poll&lastEventId={ids[0]}");
        await WaitForStreamsAsync(host, 1);
        Assert.False(asked.IsCompleted);

        var more = await host.PublishAsync("a", "2");
        using var answer = await asked.WaitAsync(SseStream.Timeout);

        var body = await answer.Content.ReadAsByteArrayAsync();
        Assert.Equal(body.Length, answer.Content.Headers.ContentLength);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal([new SseMessage(more[0], "message", "2")], EventSourceCursor.After(body).Events);
        Assert.Equal("no-cache, no-store, no-transform", answer.Headers.NonValidated["Cache-Control"].ToString());
    }

    [Fact]
    public async Task Answer_comes_without_an_event_when_the_time_is_over()
    {
        var (time, wait) = (new ArmedTimers(), TimeSpan.FromSeconds(23));
        await using var first = await TestHost.StartAsync();
        var ids = await first.PublishAsync("a", "1");
        await using var host = await TestHost.StartAsync(["Stream:LongPoll=00:00:23", "Stream:Heartbeat=00:01:00"], time, table: first.Table);
        var asked = AskAsync(host, $"events/a?mode=long-poll&lastEventId={ids[0]}");
        await time.WaitForAsync(wait); // it has nothing to send, and sets when it wakes
        Assert.False(asked.IsCompleted);

        time.Advance(wait);
        using var answer = await asked.WaitAsync(SseStream.Timeout);

        Assert.Empty(EventSourceCursor.After(await answer.Content.ReadAsByteArrayAsync()).Events);
    }

    /// <summary>A client that does not know yet where it is would lose what comes while its connection breaks.</summary>
    [Fact]
    public async Task Answer_comes_at_once_to_who_has_no_cursor_yet()
    {
        await using var host = await TestHost.StartAsync();
        var ids = await host.PublishAsync("a", "1");

        using var answer = await AskAsync(host, "events/a?mode=long-poll");

        Assert.Equal(ids[0], EventSourceCursor.After(await answer.Content.ReadAsByteArrayAsync()).LastEventId);
    }

    [Fact]
    public async Task Answer_comes_at_once_with_what_there_is_and_with_a_reset()
    {
        await using var host = await TestHost.StartAsync();
        await host.PublishAsync("a", "1", "2");

        using var behind = await AskAsync(host, "events/a?mode=long-poll&from=start");
        using var reset = await AskAsync(host, "events/a?mode=long-poll&lastEventId=garbage");

        Assert.Equal("12", Data(await behind.Content.ReadAsByteArrayAsync()));
        Assert.Equal(["sse.reset", "message", "message"], EventSourceCursor.After(await reset.Content.ReadAsByteArrayAsync()).Events.Select(message => message.Type));
    }

    [Fact]
    public async Task Events_that_a_filter_leaves_out_are_not_waited_for()
    {
        await using var host = await TestHost.StartAsync();
        var ids = await host.PublishAsync("a", "1");
        var asked = AskAsync(host, $"events/a?mode=long-poll&type=order&lastEventId={ids[0]}");
        await WaitForStreamsAsync(host, 1);
        await host.PublishAsync("a", "dull");
        Assert.False(asked.IsCompleted);

        using var body = new StringContent("wanted");
        using var published = await host.Client.PostAsync("events/a?type=order", body);

        using var answer = await asked.WaitAsync(SseStream.Timeout);
        Assert.Equal("wanted", Data(await answer.Content.ReadAsByteArrayAsync()));
    }

    [Theory]
    [InlineData("events/a?mode=long-poll")]
    [InlineData("events?topic=a&topic=b&mode=long-poll")]
    public async Task Client_that_comes_back_each_time_gets_every_event_once(string path)
    {
        await using var host = await TestHost.StartAsync();
        var publishing = Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++)
                await host.PublishAsync("a", $"{i}");
        });
        var (got, id) = (new List<string>(), "");
        while (got.Count < 100)
        {
            using var answer = await AskAsync(host, id.Length == 0 ? path + "&from=start" : $"{path}&lastEventId={id}");
            var cursor = EventSourceCursor.After(await answer.Content.ReadAsByteArrayAsync());
            got.AddRange(cursor.Events.Select(message => message.Data));
            id = cursor.LastEventId ?? id;
        }

        await publishing;
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{i}"), got);
    }

    /// <summary>The answer is held in memory until it is whole.</summary>
    [Fact]
    public async Task Answer_ends_early_when_there_is_much_to_send()
    {
        await using var host = await TestHost.StartAsync();
        var large = new string('x', 60_000);
        for (var i = 0; i < 10; i++)
            await host.PublishAsync("a", $"{i}{large}");

        using var answer = await AskAsync(host, "events/a?mode=long-poll&from=start");
        var body = await answer.Content.ReadAsByteArrayAsync();
        using var next = await AskAsync(host, $"events/a?mode=long-poll&lastEventId={EventSourceCursor.After(body).LastEventId}");

        Assert.InRange(body.Length, 200_000, 400_000);
        Assert.Equal(
            Enumerable.Range(0, 10).Select(i => $"{i}"),
            EventSourceCursor.After(body).Events.Concat(EventSourceCursor.After(await next.Content.ReadAsByteArrayAsync()).Events).Select(message => message.Data[..1]));
    }

    [Fact]
    public async Task Client_comes_back_soon_unless_the_process_is_full()
    {
        await using var host = await TestHost.StartAsync(["Stream:Retry=00:00:10", "Stream:MaxStreams=1"]);
        var ids = await host.PublishAsync("a", "1");

        using var soon = await AskAsync(host, "events/a?mode=long-poll&from=start");
        await WaitForStreamsAsync(host, 0); // its answer comes before its end
        await using var held = await host.OpenAsync("events/b");
        await held.ReadFrameAsync();
        using var late = await AskAsync(host, $"events/a?mode=long-poll&lastEventId={ids[0]}");

        Assert.InRange(await LastRetryAsync(soon), 500, 1_500);
        Assert.InRange(await LastRetryAsync(late), 25_000, 75_000);
    }

    [Fact]
    public async Task Complete_topic_is_told_and_then_a_204()
    {
        await using var host = await TestHost.StartAsync();
        var ids = await host.PublishAsync("a", "1", "2");
        // The second event is still to be read, and so the first answer is no 204, whenever the topic ends.
        var asked = AskAsync(host, $"events/a?mode=long-poll&type=none&lastEventId={ids[0]}");
        await WaitForStreamsAsync(host, 1);

        using var completed = await host.Client.PostAsync("topics/a/complete", null);
        using var answer = await asked.WaitAsync(SseStream.Timeout);
        using var after = await AskAsync(host, $"events/a?mode=long-poll&type=none&lastEventId={ids[1]}");

        Assert.Contains("the topic is complete", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, after.StatusCode);
    }

    [Fact]
    public async Task Client_that_leaves_while_it_waits_leaves_no_stream_open()
    {
        await using var host = await TestHost.StartAsync();
        var ids = await host.PublishAsync("a", "1");
        using var leaves = new CancellationTokenSource();
        var asked = host.Client.GetAsync($"events/a?mode=long-poll&lastEventId={ids[0]}", leaves.Token);
        await WaitForStreamsAsync(host, 1);

        await leaves.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        await WaitForStreamsAsync(host, 0);
    }

    private static Task<HttpResponseMessage> AskAsync(TestHost host, string path) => host.Client.GetAsync(path).WaitAsync(SseStream.Timeout);

    private static async Task WaitForStreamsAsync(TestHost host, int count)
    {
        while (host.Services.GetRequiredService<OpenStreams>().Count != count)
            await Task.Yield();
    }

    private static async Task<int> LastRetryAsync(HttpResponseMessage answer) => int.Parse(
        (await answer.Content.ReadAsStringAsync()).Split('\n').Last(line => line.StartsWith("retry: ", StringComparison.Ordinal))["retry: ".Length..],
        CultureInfo.InvariantCulture);

    /// <summary>A clock that stands still and tells for how long timers are set.</summary>
    private sealed class ArmedTimers() : FakeTimeProvider(DateTimeOffset.UtcNow)
    {
        private readonly Channel<TimeSpan> armed = Channel.CreateUnbounded<TimeSpan>();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Timer(armed, base.CreateTimer(callback, state, dueTime, period));

        /// <summary>Waits until a timer is set for so long.</summary>
        public async Task WaitForAsync(TimeSpan duration)
        {
            while (await armed.Reader.ReadAsync().AsTask().WaitAsync(SseStream.Timeout) != duration)
            {
                // Another's.
            }
        }

        private sealed class Timer(Channel<TimeSpan> armed, ITimer inner) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(dueTime, period) && armed.Writer.TryWrite(dueTime);

            public void Dispose() => inner.Dispose();

            public ValueTask DisposeAsync() => inner.DisposeAsync();
        }
    }

    private static string Data(byte[] body) => string.Concat(EventSourceCursor.After(body).Events.Select(message => message.Data));
}
