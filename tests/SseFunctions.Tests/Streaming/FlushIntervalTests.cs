using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.EventLog;
using SseFunctions.Tests.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

/// <summary>Bursts are written together, what comes after a quiet spell at once. A write is a chunk of the response.</summary>
public class FlushIntervalTests
{
    private static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(50);

    [Theory]
    [InlineData("events/a")]
    [InlineData("events?topic=a&topic=b")]
    public async Task Event_after_a_quiet_spell_is_written_at_once_and_those_soon_after_it_together(string path)
    {
        var time = new PatientTime();
        await using var host = await StartAsync(time);
        using var stream = await OpenAsync(host, path);

        await host.PublishAsync("a", "1"); // no time passes
        var first = await stream.ReadEventsAsync();
        await host.PublishAsync("a", "2", "3", "4");
        var burst = await AdvanceUntilAsync(host, time, stream.ReadEventsAsync());
        time.Advance(FlushInterval);
        await host.PublishAsync("a", "5");
        var last = await AdvanceUntilAsync(host, time, stream.ReadEventsAsync());

        Assert.Equal(["1"], first);
        Assert.Equal(["2", "3", "4"], burst);
        Assert.Equal(["5"], last);
    }

    /// <summary>The feeds of the two have been quiet, and give them to their streams at once; this stream has not.</summary>
    [Fact]
    public async Task Events_of_several_topics_share_the_interval()
    {
        var time = new PatientTime();
        await using var host = await StartAsync(time);
        using var stream = await OpenAsync(host, "events?topic=a&topic=b&topic=c");
        using var onlyA = await OpenAsync(host, "events/a");
        using var onlyB = await OpenAsync(host, "events/b");

        await host.PublishAsync("c", "1");
        var first = await stream.ReadEventsAsync();
        await host.PublishAsync("a", "2");
        await host.PublishAsync("b", "3");
        var (a, b) = (await onlyA.ReadEventsAsync(), await onlyB.ReadEventsAsync()); // which joined later, and so get them later
        var together = stream.ReadEventsAsync();
        var isEarly = together.IsCompleted;
        await AdvanceUntilAsync(host, time, together);

        Assert.Equal(["1", "2", "3"], [.. first, .. a, .. b]);
        Assert.False(isEarly);
        Assert.Equal(["2", "3"], (await together).Order());
    }

    /// <summary>Its doubt is for the next poll to answer, and no reason to write each event by itself to all.</summary>
    [Fact]
    public async Task Interval_holds_while_a_client_is_in_doubt_of_its_id()
    {
        var time = new PatientTime();
        await using var host = await StartAsync(time);
        using var stream = await OpenAsync(host, "events/a");
        await using var doubting = await host.OpenAsync("events/a", "zzzzzz-1"); // no time passes, so no poll
        await doubting.ReadFrameAsync();

        await host.PublishAsync("a", "1");
        await stream.ReadEventsAsync();
        for (var i = 2; i <= 20; i++)
            await host.PublishAsync("a", $"{i}");

        var burst = await AdvanceUntilAsync(host, time, stream.ReadEventsAsync());
        var reset = await AdvanceUntilAsync(host, time, doubting.ReadEventAsync());

        Assert.Equal(Enumerable.Range(2, 19).Select(i => $"{i}"), burst);
        Assert.Contains("\"reason\":\"epoch\"", reset!.Data, StringComparison.Ordinal);
    }

    /// <summary>What comes while a round waits for the table is not a part of it, however many events come.</summary>
    [Fact]
    public async Task Event_that_comes_during_a_round_waits_for_the_next_one()
    {
        var time = new PatientTime();
        await using var proxy = await StorageProxy.StartAsync();
        await using var other = await TestHost.StartAsync();
        await other.PublishAsync("a", "0");
        await using var host = await TestHost.StartAsync(["Stream:FlushInterval=00:00:01"], time, proxy.ConnectionString, other.Table);
        using var stream = await OpenAsync(host, "events/a");
        var (inFlight, release) = (new TaskCompletionSource<bool>(), new TaskCompletionSource());
        proxy.Intercept = async call =>
        {
            if (call.IsQuery && !ChangeFeedTests.IsChangePoll(call))
            {
                inFlight.TrySetResult(true);
                await release.Task;
            }

            await StorageProxy.PassOnAsync(call);
        };

        // This host must load it, and a look finds it: there is no hint that would load it before the round.
        var log = new LogTable(await TestStorage.ConnectionStringAsync(), host.Table).Log();
        await log.AppendAsync(Topic.Parse("a"), [LogActions.Event("1")], null, CancellationToken.None);
        await AdvanceUntilAsync(host, time, inFlight.Task); // in steps much shorter than the interval, which is not over then
        await host.PublishAsync("a", "2");
        release.SetResult();
        var first = await stream.ReadEventsAsync();
        await host.PublishAsync("a", "3");
        var second = await AdvanceUntilAsync(host, time, stream.ReadEventsAsync());

        Assert.Equal(["1"], first);
        Assert.Equal(["2", "3"], second);
    }

    [Fact]
    public async Task Every_event_is_written_at_once_when_the_interval_is_zero()
    {
        await using var host = await StartAsync(new FakeTimeProvider(DateTimeOffset.UtcNow), "Stream:FlushInterval=00:00:00");
        using var stream = await OpenAsync(host, "events/a");

        for (var i = 1; i <= 5; i++)
        {
            await host.PublishAsync("a", $"{i}");
            Assert.Equal([$"{i}"], await stream.ReadEventsAsync());
        }
    }

    /// <summary>Whoever comes in the midst of a burst gets each event once.</summary>
    [Fact]
    public async Task Streams_that_join_between_two_writes_miss_and_repeat_nothing()
    {
        await using var host = await TestHost.StartAsync(["Stream:FlushInterval=00:00:00.010"]);
        await host.PublishAsync("a", "0");
        var readers = new List<Task<IReadOnlyList<SseMessage>>>();
        var streams = new List<SseStream>();
        for (var i = 1; i <= 100; i++)
        {
            await host.PublishAsync("a", $"{i}");
            streams.Add(await host.OpenAsync("events/a?from=start"));
            readers.Add(streams[^1].ReadEventsAsync(101));
        }

        var all = await Task.WhenAll(readers);

        Assert.All(all, events => Assert.Equal(Enumerable.Range(0, 101).Select(i => $"{i}"), events.Select(message => message.Data)));
        foreach (var stream in streams)
            await stream.DisposeAsync();
    }

    private static async Task<TestHost> StartAsync(TimeProvider time, params string[] settings)
    {
        await using var other = await TestHost.StartAsync(); // makes the table, which takes a pause, which would not pass with that clock
        await other.PublishAsync("a", "0");
        await other.PublishAsync("b", "0");
        await other.PublishAsync("c", "0");
        return await TestHost.StartAsync(settings, time, table: other.Table);
    }

    private static async Task<Chunks> OpenAsync(TestHost host, string path)
    {
        var chunks = await Chunks.OpenAsync(host, path);
        while (!(await chunks.ReadAsync()).StartsWith("id: ", StringComparison.Ordinal))
        {
            // The stream has all there is when it says where it is.
        }

        return chunks;
    }

    /// <summary>Lets time pass in small steps until something has come.</summary>
    private static Task<T> AdvanceUntilAsync<T>(TestHost host, FakeTimeProvider time, Task<T> task) => ChangeFeedTests.PassAsync(host, time, FlushInterval, task);

    /// <summary>A response's body, chunk by chunk.</summary>
    private sealed class Chunks(TcpClient client, StreamReader reader) : IDisposable
    {
        public static async Task<Chunks> OpenAsync(TestHost host, string path)
        {
            var address = host.Client.BaseAddress!;
            var client = new TcpClient();
            await client.ConnectAsync(address.Host, address.Port);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET {address.AbsolutePath}{path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
            var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
            while (await reader.ReadLineAsync().WaitAsync(SseStream.Timeout) is { Length: > 0 })
            {
                // The headers.
            }

            return new Chunks(client, reader);
        }

        public async Task<string> ReadAsync()
        {
            var length = int.Parse((await reader.ReadLineAsync().WaitAsync(SseStream.Timeout))!, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            var text = new char[length + 2];
            await reader.ReadBlockAsync(text).AsTask().WaitAsync(SseStream.Timeout);
            return new string(text, 0, length);
        }

        /// <summary>The data of the events in the next chunk that has some.</summary>
        public async Task<string[]> ReadEventsAsync()
        {
            while (true)
            {
                var events = EventSourceCursor.After(Encoding.ASCII.GetBytes(await ReadAsync())).Events;
                if (events.Count > 0)
                    return [.. events.Select(message => message.Data)];
            }
        }

        public void Dispose()
        {
            reader.Dispose();
            client.Dispose();
        }
    }
}
