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
        await using var host = await TestHost.StartAsync();
        await host.PublishAsync("a", "1");
        for (var i = 0; i < 100; i++)
        {
            using var feeds = new TopicFeedRegistry(host.Services.GetRequiredService<TableEventLog>(), host.Services.GetRequiredService<ChangeFeedReader>(), new StreamOptions(), TimeProvider.System, NullLogger<TopicFeed>.Instance);
            using var position = new StreamPosition([new TopicStart(Topic, StreamStart.Now)], _ => Reader(host, feeds));
            while (position.Only!.Cursor is null)
            {
                var read = position.Next(isLive: true, out _);
                Assert.True(position.Only.Cursor is not null || read.Kind == FeedReadKind.Waiting, $"{read.Kind} before there is a cursor");
            }
        }
    }

    /// <summary>A failed load that nobody waits for any more is no unobserved exception.</summary>
    [Fact]
    public async Task Load_that_fails_is_observed()
    {
        var unobserved = 0;
        TaskScheduler.UnobservedTaskException += Count;
        try
        {
            await using var proxy = await StorageProxy.StartAsync();
            await using var host = await TestHost.StartAsync(connectionString: proxy.ConnectionString);
            await host.PublishAsync("a", "1");
            proxy.Intercept = call => call.IsQuery ? Faults.Refuse(400)(call) : StorageProxy.PassOnAsync(call);
            await using (var stream = await host.OpenAsync("events/a?from=start"))
                Assert.Contains("storage cannot be reached", (await stream.ReadToEndAsync())[^1], StringComparison.Ordinal);

            await host.StopAsync();
        }
        finally
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            TaskScheduler.UnobservedTaskException -= Count;
        }

        Assert.Equal(0, unobserved);

        void Count(object? sender, UnobservedTaskExceptionEventArgs args) =>
            unobserved += args.Exception.ToString().Contains(nameof(TopicLoads), StringComparison.Ordinal) ? 1 : 0;
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
        await feed.FirstAnswer.WaitAsync(SseStream.Patience);
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

    private static TopicReader Reader(TestHost host, TopicFeedRegistry feeds) => new(
        new TopicStart(Topic, StreamStart.Oldest), feeds, new AsyncAutoResetEvent(), host.Services.GetRequiredService<StreamTelemetry>(), [], TimeProvider.System);
}
