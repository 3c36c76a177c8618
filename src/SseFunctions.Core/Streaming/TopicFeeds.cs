using Microsoft.Extensions.Logging;
using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>The feeds of this process: one for each topic that is being read, and for a few seconds after.</summary>
internal sealed class TopicFeeds : IDisposable
{
    /// <summary>How long a feed without readers stays warm, for clients between two connections.</summary>
    private static readonly TimeSpan WarmTime = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly Dictionary<Topic, TopicFeed> feeds = [];
    private readonly TableEventLog log;
    private readonly FrameCache cache;
    private readonly StreamOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<TopicFeed> logger;
    private readonly ITimer cooling;

    public TopicFeeds(TableEventLog log, StreamOptions options, TimeProvider time, ILogger<TopicFeed> logger)
    {
        (this.log, this.options, this.time, this.logger) = (log, options, time, logger);
        cache = new FrameCache(options.CacheBytes);
        cooling = time.CreateTimer(_ => LetGoOfIdle(), null, WarmTime, WarmTime);
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

    public (TopicFeed Feed, long Ticket) Join(Topic topic, TopicReader reader)
    {
        lock (gate)
        {
            if (feeds.TryGetValue(topic, out var feed))
                return (feed, feed.Join(reader));

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

    /// <summary>Ends the feeds that were idle last time and still are.</summary>
    private void LetGoOfIdle()
    {
        lock (gate)
        {
            foreach (var feed in feeds.Values.Where(feed => feed.IsIdleSinceLastLook()).ToList())
            {
                feeds.Remove(feed.Topic);
                feed.Dispose();
            }
        }
    }
}
