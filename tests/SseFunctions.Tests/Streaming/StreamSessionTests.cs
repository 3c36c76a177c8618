using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.EventLog;
using SseFunctions.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

/// <summary>Sessions without a web server, for what only shows between two of its steps.</summary>
public sealed class StreamSessionTests : IAsyncLifetime
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);
    private TestHost? host;

    private TestHost Host => host!;

    public async Task InitializeAsync() => host = await TestHost.StartAsync();

    public async Task DisposeAsync() => await Host.DisposeAsync();

    /// <summary>The session begins before its response does: until the heads are known, or Kestrel writes.</summary>
    [Fact]
    public async Task Heartbeat_is_due_after_the_silence_and_not_after_the_session_began()
    {
        await Host.PublishAsync("a", "1");
        using var session = Session(time);
        var pipe = new Pipe();
        time.Advance(10 * Second);
        var running = session.RunAsync(pipe.Writer, () => { });
        await ReadAsync(pipe.Reader, "id: ");

        time.Advance(14 * Second);
        using var completed = await Host.Client.PostAsync("topics/a/complete", null);
        await running.WaitAsync(SseStream.Timeout);
        await pipe.Writer.CompleteAsync();

        var rest = await new StreamReader(pipe.Reader.AsStream(), Encoding.UTF8).ReadToEndAsync();
        Assert.DoesNotContain(":", rest.Split('\n'));
        Assert.Contains("the topic is complete", rest, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task Poll_gets_what_there_is_however_soon_its_token_ends(int seconds)
    {
        await Host.PublishAsync("a", "1");
        using var session = Session(time, isPoll: true, accessLeft: seconds * Second);
        var pipe = new Pipe();
        time.Advance(0.95 * seconds * Second); // a slow way to the first answer

        await session.RunAsync(pipe.Writer, () => { }).WaitAsync(SseStream.Timeout);
        await pipe.Writer.CompleteAsync();

        Assert.Contains("data: 1\n\n", await new StreamReader(pipe.Reader.AsStream()).ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_read_for_a_poll_when_its_token_has_ended()
    {
        await Host.PublishAsync("a", "1");
        using var session = Session(time, isPoll: true, accessLeft: Second);
        var pipe = new Pipe();
        time.Advance(Second);

        await session.RunAsync(pipe.Writer, () => { }).WaitAsync(SseStream.Timeout);
        await pipe.Writer.CompleteAsync();

        Assert.DoesNotContain("data: ", await new StreamReader(pipe.Reader.AsStream()).ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fault_of_one_stream_in_a_round_of_pushes_costs_the_others_nothing()
    {
        await Host.PublishAsync("a", "1");
        var breaks = new Breaks();
        var streams = new List<(StreamSession Session, Pipe Pipe, Task<StreamEnd> Running)>();
        foreach (var clock in (TimeProvider[])[TimeProvider.System, breaks, TimeProvider.System, TimeProvider.System])
        {
            var (session, pipe) = (Session(clock), new Pipe());
            streams.Add((session, pipe, session.RunAsync(pipe.Writer, () => { })));
            await ReadAsync(pipe.Reader, "id: ");
        }

        breaks.IsArmed = true;
        await Host.PublishAsync("a", "2");

        Assert.Equal(StreamEnd.Failed, await streams[1].Running.WaitAsync(SseStream.Timeout));
        Assert.IsType<NotSupportedException>(streams[1].Session.Fault);
        foreach (var (session, pipe, running) in streams.Where(stream => stream.Session != streams[1].Session))
        {
            Assert.EndsWith("data: 2\n\n", await ReadAsync(pipe.Reader, "data: 2\n\n"), StringComparison.Ordinal);
            Assert.False(running.IsCompleted);
            await pipe.Reader.CompleteAsync();
        }

        await Host.PublishAsync("a", "3"); // whoever finds its client gone ends
        Assert.All(await Task.WhenAll(streams.Where(stream => stream.Session != streams[1].Session).Select(stream => stream.Running)).WaitAsync(SseStream.Timeout), end => Assert.Equal(StreamEnd.ClientLeft, end));
        streams.ForEach(stream => stream.Session.Dispose());
    }

    /// <summary>What lies between would be lost, and what it has already would come twice.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Events_that_do_not_continue_what_the_client_has_are_left_to_the_stream(long after)
    {
        var cursor = new EventId("abc123", 1);
        var (pipe, clock, wake) = (new Pipe(), new StreamClock(time), new AsyncAutoResetEvent());
        using var client = new ClientWriter(pipe.Writer, new WriteDeadline(Second, Second, clock, null, () => { }, default), clock, default);
        using var reader = Reader(Host.Services.GetRequiredService<TopicFeedRegistry>(), new TopicStart(Topic.Parse("a"), StreamStart.After(cursor)), wake);
        reader.Client = client;
        client.Exit();

        reader.Push(cursor with { Sequence = after }, new FrameSlice("id: x\ndata: x\n\n"u8.ToArray(), after + 1, default));

        await wake.WaitAsync().AsTask().WaitAsync(SseStream.Timeout);
        Assert.Equal(cursor, reader.Cursor);
        Assert.True(client.TryEnter());
        await pipe.Writer.CompleteAsync();
        Assert.Equal(0, await pipe.Reader.AsStream().ReadAsync(new byte[1]));
    }

    [Fact]
    public void Feeds_that_a_stream_has_joined_are_left_when_it_cannot_join_another()
    {
        var feeds = Host.Services.GetRequiredService<TopicFeedRegistry>();
        var readers = new ConcurrentQueue<TopicReader>();
        TopicStart[] topics = [new(Topic.Parse("a"), StreamStart.Now), new(Topic.Parse("b"), StreamStart.Now)];

        Assert.Throws<NotSupportedException>(() => new StreamPosition(topics, topic =>
        {
            if (!readers.IsEmpty)
                throw new NotSupportedException();

            readers.Enqueue(Reader(feeds, topic));
            return readers.Single();
        }));

        using var probe = Reader(feeds, topics[0]);
        Assert.True(feeds.TryJoin(topics[0].Topic, probe, out var feed, out _));
        feed.Leave(probe);
        Assert.False(feed.HasReaders);
    }

    private TopicReader Reader(TopicFeedRegistry feeds, TopicStart topic, AsyncAutoResetEvent? wake = null) =>
        new(topic, feeds, wake ?? new AsyncAutoResetEvent(), Host.Services.GetRequiredService<StreamTelemetry>(), [], time);

    private StreamSession Session(TimeProvider clock, bool isPoll = false, TimeSpan? accessLeft = null) => new(
        new StreamRequest([new TopicStart(Topic.Parse("a"), isPoll ? StreamStart.Oldest : StreamStart.Now)], isPoll, accessLeft),
        StreamAdmission.Held,
        Host.Services.GetRequiredService<TopicFeedRegistry>(),
        new StreamOptions(),
        Host.Services.GetRequiredService<StreamTelemetry>(),
        clock,
        CancellationToken.None,
        CancellationToken.None);

    /// <summary>Reads until something has come with all of its frame.</summary>
    private static async Task<string> ReadAsync(PipeReader reader, string what)
    {
        while (true)
        {
            var read = await reader.ReadAsync().AsTask().WaitAsync(SseStream.Timeout);
            var text = Encoding.UTF8.GetString(read.Buffer);
            var isAll = text.Contains(what, StringComparison.Ordinal) && text.EndsWith("\n\n", StringComparison.Ordinal);
            reader.AdvanceTo(isAll ? read.Buffer.End : read.Buffer.Start, read.Buffer.End);
            if (isAll)
                return text;
        }
    }

    /// <summary>A clock that breaks: something that no one expects.</summary>
    private sealed class Breaks : TimeProvider
    {
        private int broken;

        public bool IsArmed { get; set; }

        public override long GetTimestamp() =>
            IsArmed && Interlocked.Exchange(ref broken, 1) == 0 ? throw new NotSupportedException() : System.GetTimestamp();
    }
}
