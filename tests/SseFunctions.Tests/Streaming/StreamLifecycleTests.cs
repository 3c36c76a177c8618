using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

/// <summary>How a stream begins, stays alive and ends (promises 5, 6 and 7).</summary>
public class StreamLifecycleTests
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Stream_has_the_headers_that_keep_it_out_of_caches_and_buffers()
    {
        await using var host = await TestHost.StartAsync();
        await using var stream = await host.OpenAsync("events/a");

        Assert.Equal(HttpStatusCode.OK, stream.Response.StatusCode);
        Assert.Equal("text/event-stream", stream.Response.Content.Headers.ContentType!.ToString());
        Assert.Equal("no-cache, no-store, no-transform", stream.Response.Headers.NonValidated["Cache-Control"].ToString());
        Assert.Equal("no", stream.Response.Headers.GetValues("X-Accel-Buffering").Single());
    }

    [Fact]
    public async Task First_bytes_do_not_wait_for_storage()
    {
        var release = new TaskCompletionSource();
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync(connectionString: proxy.ConnectionString);
        await host.PublishAsync("a", "1");
        proxy.Intercept = async call =>
        {
            await release.Task;
            await StorageProxy.PassOnAsync(call);
        };

        await using var stream = await host.OpenAsync("events/a?from=start");
        var first = await stream.ReadFrameAsync();
        release.SetResult();
        var next = await stream.ReadEventAsync();

        Assert.StartsWith("retry: ", first, StringComparison.Ordinal);
        Assert.Contains("\n: ", first, StringComparison.Ordinal);
        Assert.Equal("1", next!.Data);
    }

    [Fact]
    public async Task Quiet_stream_sends_a_comment_every_heartbeat()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var host = await TestHost.StartAsync(time: time);
        await using var stream = await host.OpenLiveAsync("events/a");

        for (var i = 0; i < 3; i++)
        {
            time.Advance(Heartbeat);
            Assert.Equal(":", await stream.ReadFrameAsync());
        }
    }

    [Fact]
    public async Task Stream_ends_with_a_closing_frame_within_its_lifetime()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var host = await TestHost.StartAsync(time: time);
        await using var stream = await host.OpenLiveAsync("events/a");

        time.Advance(0.79 * Lifetime);
        var early = await stream.ReadFrameAsync();
        time.Advance(0.21 * Lifetime);
        var rest = await stream.ReadToEndAsync();

        Assert.Equal(":", early);
        AssertClosingFrame(rest, "end of this response", min: 500, max: 1500);
    }

    [Theory]
    [InlineData("AzureFunctionsJobHost:functionTimeout=00:00:30", 25)]
    [InlineData("Stream:Lifetime=00:00:10", 10)]
    public async Task Stream_ends_before_the_host_would_cut_it(string setting, int seconds)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var host = await TestHost.StartAsync([setting], time);
        await using var stream = await host.OpenAsync("events/a");
        await stream.ReadFrameAsync();

        time.Advance(TimeSpan.FromSeconds(seconds));

        AssertClosingFrame(await stream.ReadToEndAsync(), "end of this response", min: 500, max: 1500);
    }

    /// <summary>Between two slices the stream looks at its deadline, however much there is to write.</summary>
    [Fact]
    public async Task Stream_ends_within_its_lifetime_when_its_client_reads_slowly_and_has_far_to_go()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var other = await TestHost.StartAsync();
        var large = new string('x', 60_000);
        await other.PublishAsync("a", [.. Enumerable.Repeat(large, 100)]);
        await using var host = await TestHost.StartAsync(["Stream:Lifetime=00:00:20"], time, table: other.Table); // under WriteTimeout
        await using var stream = await host.OpenAsync("events/a?from=start");
        await stream.ReadEventAsync();

        time.Advance(TimeSpan.FromSeconds(20)); // most of the 6 MB is still to be written, since the socket takes only so much unread
        var rest = await stream.ReadToEndAsync();

        Assert.InRange(rest.Count, 1, 95);
        AssertClosingFrame(rest, "end of this response", min: 500, max: 1500);
    }

    [Fact]
    public async Task Poll_ends_when_it_has_all_there_is()
    {
        await using var host = await TestHost.StartAsync(["Stream:Retry=00:00:10"]);
        await host.PublishAsync("a", "1");
        await using var stream = await host.OpenAsync("events/a?mode=poll&from=start");

        Assert.Equal("1", (await stream.ReadEventAsync())!.Data);
        AssertClosingFrame(await stream.ReadToEndAsync(), "that is all for now", min: 5000, max: 15000);
    }

    [Fact]
    public async Task Stopping_host_ends_every_stream_with_a_closing_frame()
    {
        // It waits longer than it would, so that a busy machine has the time too.
        await using var host = await TestHost.StartAsync(configure: builder => builder.Services.PostConfigure<HostOptions>(options => options.ShutdownTimeout = SseStream.Timeout));
        var streams = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => host.OpenAsync($"events/a{i % 3}")));

        var stopped = host.StopAsync();
        var ends = await Task.WhenAll(streams.Select(stream => stream.ReadToEndAsync()));
        await stopped.WaitAsync(SseStream.Timeout);

        Assert.All(ends, frames => AssertClosingFrame(frames, "the server is stopping", min: 2500, max: 7500));
    }

    [Fact]
    public async Task Stream_over_capacity_gets_what_there_is_and_a_longer_retry()
    {
        await using var host = await TestHost.StartAsync(["Stream:MaxStreams=1"]);
        await host.PublishAsync("a", "1");
        await using var held = await host.OpenAsync("events/a?from=start");
        await held.ReadEventAsync();

        await using var over = await host.OpenAsync("events/a?from=start");
        var caughtUp = await over.ReadEventAsync();
        var rest = await over.ReadToEndAsync();
        var ids = await host.PublishAsync("a", "2");

        Assert.Equal(HttpStatusCode.OK, over.Response.StatusCode);
        Assert.Equal("1", caughtUp!.Data);
        AssertClosingFrame(rest, "too many streams", min: 2500, max: 7500);
        Assert.Equal(ids[0], (await held.ReadEventAsync())!.Id);
    }

    [Fact]
    public async Task New_stream_is_told_to_come_back_later_when_storage_is_down()
    {
        await using var proxy = await StorageProxy.StartAsync();
        proxy.Intercept = call =>
        {
            call.Reply(503);
            return Task.CompletedTask;
        };
        await using var host = await TestHost.StartAsync(connectionString: proxy.ConnectionString);

        await using var stream = await host.OpenAsync("events/a");

        Assert.Equal(HttpStatusCode.OK, stream.Response.StatusCode);
        AssertClosingFrame(await stream.ReadToEndAsync(), "storage cannot be reached", min: 2500, max: 7500);
    }

    /// <summary>No request takes too long, however busy the machine is, and none that began before the outage sees what is published in it.</summary>
    [Fact]
    public async Task Open_stream_outlives_a_storage_outage_and_misses_nothing()
    {
        var (isDown, underWay, failures) = (0, 0, 0);
        var failedTwice = new TaskCompletionSource();
        await using var proxy = await StorageProxy.StartAsync();
        proxy.Intercept = async call =>
        {
            Interlocked.Increment(ref underWay);
            try
            {
                if (Volatile.Read(ref isDown) == 0)
                {
                    await StorageProxy.PassOnAsync(call);
                    return;
                }

                // Two polls, each with the client's own retries.
                if (Interlocked.Increment(ref failures) == 6)
                    failedTwice.SetResult();

                call.Reply(500);
            }
            finally
            {
                Interlocked.Decrement(ref underWay);
            }
        };
        await using var host = await TestHost.StartAsync(["Stream:PollInterval=00:00:00.100"], connectionString: proxy.ConnectionString);
        await using var other = await TestHost.StartAsync(table: host.Table);
        await other.PublishAsync("a", "1");
        await using var stream = await host.OpenAsync("events/a?from=start");
        await stream.ReadEventAsync();

        Interlocked.Exchange(ref isDown, 1);
        while (Volatile.Read(ref underWay) > 0)
            await Task.Yield();

        await other.PublishAsync("a", "2");
        await failedTwice.Task.WaitAsync(SseStream.Timeout);
        Interlocked.Exchange(ref isDown, 0);

        Assert.Equal("2", (await stream.ReadEventsAsync(1))[0].Data);
    }

    [Fact]
    public async Task Session_is_freed_when_its_client_leaves()
    {
        await using var host = await TestHost.StartAsync();
        var streams = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => host.OpenAsync("events/a")));
        Assert.Equal(10, await OpenStreamsAsync(host));

        foreach (var stream in streams)
            await stream.DisposeAsync();

        await UntilAsync(async () => await OpenStreamsAsync(host) == 0);
    }

    [Fact]
    public async Task Client_that_takes_no_bytes_is_cut_off_after_the_write_timeout()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var other = await TestHost.StartAsync();
        await other.PublishAsync("a", "makes the table, which takes a pause, which would not pass here");
        await using var host = await TestHost.StartAsync(time: new EarlyTimers(time), table: other.Table);
        using var silent = new TcpClient { ReceiveBufferSize = 4096 };
        await silent.ConnectAsync(host.Client.BaseAddress!.Host, host.Client.BaseAddress.Port);
        await silent.GetStream().WriteAsync(Encoding.ASCII.GetBytes("GET /api/events/a?from=start HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        await UntilAsync(async () => await OpenStreamsAsync(host) == 1);

        // More than the socket buffers of both ends take.
        var large = new string('x', 60_000);
        for (var i = 0; i < 200; i++)
            await host.PublishAsync("a", large);

        time.Advance(TimeSpan.FromMilliseconds(29_999)); // here the timer fires, a millisecond early
        Assert.Equal(1, await OpenStreamsAsync(host));
        await UntilAsync(async () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return await OpenStreamsAsync(host) == 0;
        });

        // Cut within the 120 s of its lifetime, and in the middle of things: no closing frame, a reset.
        var text = new MemoryStream();
        await Assert.ThrowsAsync<IOException>(() => silent.GetStream().CopyToAsync(text));
    }

    private static void AssertClosingFrame(IReadOnlyList<string> frames, string reason, int min, int max)
    {
        var lines = frames[^1].Split('\n');
        Assert.InRange(int.Parse(lines[0]["retry: ".Length..], CultureInfo.InvariantCulture), min, max);
        Assert.StartsWith(": " + reason, lines[1], StringComparison.Ordinal);
    }

    private static async Task<int> OpenStreamsAsync(TestHost host) =>
        (await host.Client.GetFromJsonAsync<JsonElement>("health")).GetProperty("streams").GetInt32();

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var guard = new CancellationTokenSource(SseStream.Timeout);
        while (!await condition())
            guard.Token.ThrowIfCancellationRequested();
    }
}
