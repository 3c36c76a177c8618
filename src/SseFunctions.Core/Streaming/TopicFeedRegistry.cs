using Microsoft.Extensions.Logging;
using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>The feeds of this process: one for each topic that is being read, and for a few seconds after.</summary>
internal sealed class TopicFeedRegistry : IDisposable
{
    /// <summary>How long a feed without readers stays warm, for clients between two connections.</summary>
    public static readonly TimeSpan WarmTime = TimeSpan.FromSeconds(5);

    /// <summary>Feeds without readers that may be warm at a time: whoever asks for names at random does not make this process poll for all of them.</summary>
    private const int MaxWarmFeeds = 100;

    private readonly Lock gate = new();
    private readonly Dictionary<Topic, TopicFeed> feeds = [];
    private readonly TableEventLog log;
    private readonly FrameCache cache;
    private readonly StreamOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<TopicFeed> logger;
    private readonly ITimer cooling;

    public TopicFeedRegistry(TableEventLog log, StreamOptions options, TimeProvider time, ILogger<TopicFeed> logger)
    {
        (this.log, this.options, this.time, this.logger) = (log, options, time, logger);
        cache = new FrameCache(options.CacheBytes);
        cooling = time.CreateTimer(_ => EvictIdle(), null, WarmTime, WarmTime);
        log.Written += OnWritten;
    }

    /// <summary>How many topics are being followed.</summary>
    public int Count
    {
        get
        {
            lock (gate)
                return feeds.Count;
        }
    }

    public (TopicFeed Feed, long Ticket) Join(Topic topic, IFeedReader reader)
    {
        lock (gate)
        {
            if (feeds.TryGetValue(topic, out var feed))
                return (feed, feed.Join(reader));

            if (feeds.Count >= MaxWarmFeeds)
                EvictSurplus();

            feed = new TopicFeed(topic, log, cache, options, time, logger);
            feeds.Add(topic, feed);
            var ticket = feed.Join(reader);
            feed.Start();
            return (feed, ticket);
        }
    }

    public void Dispose()
    {
        log.Written -= OnWritten;
        cooling.Dispose();
        lock (gate)
        {
            foreach (var feed in feeds.Values)
                feed.Dispose();

            feeds.Clear();
        }
    }

    private void OnWritten(Topic topic, TopicHead head, IReadOnlyList<StoredEvent> events)
    {
        TopicFeed? feed;
        lock (gate)
            feeds.TryGetValue(topic, out feed);

        feed?.OnWritten(head, events);
    }

    /// <summary>Ends the feeds that have been without readers for long enough.</summary>
    private void EvictIdle()
    {
        lock (gate)
            Evict([.. feeds.Values.Where(feed => feed.IdleSince is { } since && time.GetElapsedTime(since) >= WarmTime)]);
    }

    /// <summary>Ends those that have been without readers the longest.</summary>
    private void EvictSurplus()
    {
        var warm = feeds.Values.Where(feed => feed.IdleSince is not null).OrderBy(feed => feed.IdleSince).ToList();
        Evict([.. warm.Take(warm.Count - MaxWarmFeeds + 1)]);
    }

    private void Evict(IReadOnlyList<TopicFeed> idle)
    {
        foreach (var feed in idle)
        {
            feeds.Remove(feed.Topic);
            feed.Dispose();
        }
    }
}
