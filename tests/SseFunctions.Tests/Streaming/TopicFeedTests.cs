using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.EventLog;
using SseFunctions.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

public class TopicFeedTests
{
    private static readonly Topic Topic = Topic.Parse("a");

    /// <summary>Between two looks at the feed its first answer may come: whatever a reader makes of them, it must know where it is.</summary>
    [Fact]
    public async Task Stream_waits_or_knows_its_cursor_at_whichever_moment_the_first_head_arrives()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow); // stands still, so that no read of the table takes too long
        await using var publisher = await TestHost.StartAsync();
        await publisher.PublishAsync("a", "1");
        await using var host = await TestHost.StartAsync(time: time, table: publisher.Table);
        for (var i = 0; i < 100; i++)
        {
            using var feeds = new TopicFeedRegistry(host.Services.GetRequiredService<TableEventLog>(), host.Services.GetRequiredService<ChangeFeedReader>(), new StreamOptions(), time, NullLogger<TopicFeed>.Instance);
            using var position = new StreamPosition([new TopicStart(Topic, StreamStart.Now)], _ => Reader(host, feeds));
            while (position.Only!.Cursor is null)
            {
                var read = position.Next(isLive: true, out _);
                Assert.True(position.Only.Cursor is not null || read.Kind == FeedReadKind.Waiting, $"{read.Kind} before there is a cursor");
            }
        }
    }

    [Fact]
    public async Task Frames_of_a_feed_go_with_it()
    {
        await using var host = await TestHost.StartAsync();
        await host.PublishAsync("a", "1");
        var log = host.Services.GetRequiredService<TableEventLog>();
        var cache = new FrameCache(long.MaxValue);
        using var reads = new TableReads(log, TimeProvider.System, NullLogger.Instance);
        using var feed = new TopicFeed(Topic, reads, cache, new StreamOptions(), TimeProvider.System, NullLogger.Instance, _ => { });
        feed.Start();
        await feed.FirstAnswer.WaitAsync(SseStream.Timeout);
        var head = (await log.ReadHeadAsync(Topic, CancellationToken.None))!;

        feed.OnWritten(head with { Last = 2 }, [new StoredEvent(2, null, "2"u8.ToArray(), default)]);
        var size = cache.Size;
        feed.Dispose();
        feed.OnWritten(head with { Last = 3 }, [new StoredEvent(3, null, "3"u8.ToArray(), default)]);

        Assert.NotEqual(0, size);
        Assert.Equal(0, cache.Size);
    }

    /// <summary>A feed stays for clients between two connections, and no longer.</summary>
    [Fact]
    public async Task Feed_ends_when_nobody_has_read_for_a_while()
    {
        await using var host = await TestHost.StartAsync();
        var time = new FakeTimeProvider();
        using var feeds = new TopicFeedRegistry(host.Services.GetRequiredService<TableEventLog>(), host.Services.GetRequiredService<ChangeFeedReader>(), new StreamOptions(), time, NullLogger<TopicFeed>.Instance);
        var reader = Reader(host, feeds);
        using var stays = new TopicReader(new TopicStart(Topic.Parse("b"), StreamStart.Oldest), feeds, new AsyncAutoResetEvent(), host.Services.GetRequiredService<StreamTelemetry>(), [], TimeProvider.System);

        time.Advance(3 * TopicFeedRegistry.WarmTime);
        Assert.Equal(2, feeds.Count);
        reader.Dispose();
        time.Advance(TopicFeedRegistry.WarmTime - TimeSpan.FromMilliseconds(1));
        using (Reader(host, feeds))
        {
            time.Advance(3 * TopicFeedRegistry.WarmTime);
            Assert.Equal(2, feeds.Count);
        }

        time.Advance(2 * TopicFeedRegistry.WarmTime);
        Assert.Equal(1, feeds.Count);
    }

    [Fact]
    public async Task All_feeds_end_that_nobody_has_read_for_a_while()
    {
        await using var host = await TestHost.StartAsync();
        var time = new FakeTimeProvider();
        using var feeds = new TopicFeedRegistry(host.Services.GetRequiredService<TableEventLog>(), host.Services.GetRequiredService<ChangeFeedReader>(), new StreamOptions(), time, NullLogger<TopicFeed>.Instance);
        foreach (var name in (string[])["a", "b", "c"])
        {
            var reader = new WokenReader();
            Assert.True(feeds.TryJoin(Topic.Parse(name), reader, out var feed, out _));
            feed.Leave(reader);
        }

        Assert.Equal(3, feeds.Count);
        time.Advance(TopicFeedRegistry.WarmTime);

        Assert.Equal(0, feeds.Count);
    }

    /// <summary>Whatever is cancelled may want the lock of whoever ends it.</summary>
    [Fact]
    public async Task Nothing_is_cancelled_under_the_lock_of_the_feeds()
    {
        var time = new WatchedTimers();
        await using var host = await TestHost.StartAsync(["Stream:PollInterval=00:00:40"], time);
        var feeds = host.Services.GetRequiredService<TopicFeedRegistry>();
        feeds.TryJoin(Topic, new WokenReader(), out _, out _);
        await time.IsPollPending.WaitAsync(SseStream.Timeout); // of the change feed
        var isFree = new ConcurrentQueue<bool>();
        time.OnEnd = () => isFree.Enqueue(Task.Run(() => feeds.Count).Wait(SseStream.Timeout));

        feeds.Dispose();

        while (isFree.IsEmpty)
            await Task.Yield();

        Assert.DoesNotContain(false, isFree);
    }

    /// <summary>Who asks for further topics need not wait until nobody has read the old ones for a while.</summary>
    [Fact]
    public async Task Feed_without_readers_gives_way_when_there_are_as_many_as_may_be()
    {
        await using var host = await TestHost.StartAsync();
        using var feeds = new TopicFeedRegistry(
            host.Services.GetRequiredService<TableEventLog>(), host.Services.GetRequiredService<ChangeFeedReader>(), new StreamOptions { MaxTopics = 1 }, new FakeTimeProvider(), NullLogger<TopicFeed>.Instance);
        var (first, second) = (new WokenReader(), new WokenReader());
        Assert.True(feeds.TryJoin(Topic, first, out var feed, out _));
        Assert.False(feeds.TryJoin(Topic.Parse("b"), second, out _, out _));

        feed.Leave(first);

        Assert.True(feeds.TryJoin(Topic.Parse("b"), second, out _, out _));
        Assert.Equal(1, feeds.Count);
    }

    /// <summary>Two readers that leave at once both find that nobody is left.</summary>
    [Fact]
    public async Task Feed_with_a_reader_gives_way_to_none_although_it_was_twice_without()
    {
        await using var host = await TestHost.StartAsync();
        using var feeds = new TopicFeedRegistry(
            host.Services.GetRequiredService<TableEventLog>(), host.Services.GetRequiredService<ChangeFeedReader>(), new StreamOptions { MaxTopics = 1 }, new FakeTimeProvider(), NullLogger<TopicFeed>.Instance);
        var reader = new WokenReader();
        Assert.True(feeds.TryJoin(Topic, reader, out var feed, out _));
        feed.Leave(reader);
        feed.Leave(reader);

        Assert.True(feeds.TryJoin(Topic, reader, out var again, out _));

        Assert.Same(feed, again);
        Assert.False(feeds.TryJoin(Topic.Parse("b"), new WokenReader(), out _, out _));
    }

    [Fact]
    public async Task Readers_are_woken_when_the_head_cannot_be_read()
    {
        await using var proxy = await StorageProxy.StartAsync();
        proxy.Intercept = Faults.Refuse(400);
        await using var host = await TestHost.StartAsync(connectionString: proxy.ConnectionString);
        using var reads = new TableReads(host.Services.GetRequiredService<TableEventLog>(), TimeProvider.System, NullLogger.Instance);
        using var feed = new TopicFeed(Topic, reads, new FrameCache(1), new StreamOptions(), new FakeTimeProvider(), NullLogger.Instance, _ => { });
        var reader = new WokenReader();
        var ticket = feed.Join(reader);

        feed.Start();

        await reader.Woken.WaitAsync(SseStream.Timeout);
        Assert.Equal(FeedReadKind.StorageUnavailable, feed.Read(SseFunctions.EventLog.EventId.Start, ticket, isLive: true).Kind);
    }

    /// <summary>The same sequences are other events there.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Frames_of_a_log_go_when_another_begins_whether_they_are_held_or_still_being_loaded(bool isLoading)
    {
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync(connectionString: proxy.ConnectionString);
        await host.PublishAsync("a", "1");
        var (log, cache, release) = (host.Services.GetRequiredService<TableEventLog>(), new FrameCache(long.MaxValue), new TaskCompletionSource());
        proxy.Intercept = async call =>
        {
            if (call.IsQuery)
                await release.Task;

            await StorageProxy.PassOnAsync(call);
        };
        using var reads = new TableReads(log, TimeProvider.System, NullLogger.Instance);
        using var feed = new TopicFeed(Topic, reads, cache, new StreamOptions(), new FakeTimeProvider(), NullLogger.Instance, _ => { });
        feed.Start();
        await feed.FirstAnswer.WaitAsync(SseStream.Timeout);
        var head = (await log.ReadHeadAsync(Topic, CancellationToken.None))!;

        var load = feed.LoadAsync(new(head.Epoch, 0));
        if (isLoading)
            BeginAnew();

        release.SetResult();
        Assert.NotNull(await load.WaitAsync(SseStream.Timeout));
        Assert.Equal(isLoading, cache.Size == 0);
        BeginAnew();

        Assert.Equal(0, cache.Size);

        void BeginAnew()
        {
            feed.OnWritten(head with { IsDeleted = true }, []);
            feed.OnWritten(head with { Epoch = "other1" }, []);
        }
    }

    private static TopicReader Reader(TestHost host, TopicFeedRegistry feeds) => new(
        new TopicStart(Topic, StreamStart.Oldest), feeds, new AsyncAutoResetEvent(), host.Services.GetRequiredService<StreamTelemetry>(), [], TimeProvider.System);

    /// <summary>The system's timers, and a look at their ends: a cancelled delay ends its timer.</summary>
    private sealed class WatchedTimers : TimeProvider
    {
        private readonly TaskCompletionSource isPollPending = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task IsPollPending => isPollPending.Task;

        public Action? OnEnd { get; set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime > TimeSpan.FromSeconds(30) && dueTime < TimeSpan.FromSeconds(50)) // no other timer is set for that long
                isPollPending.TrySetResult();

            return new Timer(this, base.CreateTimer(callback, state, dueTime, period));
        }

        private sealed class Timer(WatchedTimers owner, ITimer timer) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);

            public void Dispose()
            {
                timer.Dispose();
                owner.OnEnd?.Invoke();
            }

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }

    private sealed class WokenReader : IFeedReader
    {
        private readonly TaskCompletionSource woken = new();

        public Task Woken => woken.Task;

        public void Push(SseFunctions.EventLog.EventId after, FrameSlice slice)
        {
        }

        public void Wake() => woken.TrySetResult();
    }
}
