using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>The feeds of this process: one for each topic that is being read, and for a few seconds after.</summary>
internal sealed class TopicFeedRegistry : IDisposable
{
    /// <summary>How long a feed without readers stays warm, for clients between two connections.</summary>
    public static readonly TimeSpan WarmTime = TimeSpan.FromSeconds(5);

    /// <summary>How long the place of a time is known: what a duration means changes all the time, and retention moves on.</summary>
    private static readonly TimeSpan TimesKnownFor = TimeSpan.FromSeconds(1);

    /// <summary>Feeds without readers that may be warm at a time: whoever asks for names at random does not make this process poll for all of them.</summary>
    private const int MaxWarmFeeds = 100;

    private readonly Lock gate = new();
    private readonly Dictionary<Topic, TopicFeed> feeds = [];

    /// <summary>The feeds without readers and since when, as timestamps; the first has been so the longest.</summary>
    private readonly LinkedList<(TopicFeed Feed, long Since)> idle = new();
    private readonly Dictionary<TopicFeed, LinkedListNode<(TopicFeed Feed, long Since)>> idleNodes = [];

    private readonly TableEventLog log;
    private readonly ChangeFeedReader changes;
    private readonly FrameCache cache;
    private readonly StreamOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<TopicFeed> logger;
    private readonly ITimer cooling;

    /// <summary>Ends the reading of the change feed; null while nobody needs it.</summary>
    private CancellationTokenSource? following;

    public TopicFeedRegistry(TableEventLog log, ChangeFeedReader changes, StreamOptions options, TimeProvider time, ILogger<TopicFeed> logger)
    {
        (this.log, this.changes, this.options, this.time, this.logger) = (log, changes, options, time, logger);
        Reads = new TableReads(log, time, logger);
        cache = new FrameCache(options.CacheBytes);
        Times = new(TimesKnownFor, time, (place, stop) => Reads.SinceAsync(place.Topic, place.Since, stop));
        cooling = time.CreateTimer(_ => EvictCold(), null, WarmTime, WarmTime);
        log.Written += OnWritten;
    }

    /// <summary>What they read, and others for their clients.</summary>
    public TableReads Reads { get; }

    /// <summary>Where times are in logs: the event before. Clients that come together with the same time share the search for it.</summary>
    public SharedReads<(Topic Topic, Since Since), EventLog.EventId> Times { get; }

    /// <summary>How many topics are being followed.</summary>
    public int Count
    {
        get
        {
            lock (gate)
                return feeds.Count;
        }
    }

    /// <summary>Joins the topic's feed, or a new one.</summary>
    /// <param name="ticket">To read with.</param>
    /// <returns>False when the topic is not followed yet and no more may be.</returns>
    public bool TryJoin(Topic topic, IFeedReader reader, [NotNullWhen(true)] out TopicFeed? feed, out long ticket)
    {
        lock (gate)
        {
            if (feeds.TryGetValue(topic, out feed))
            {
                RemoveIdle(feed);
                ticket = feed.Join(reader);
                return true;
            }

            if (feeds.Count >= options.MaxTopics)
                EvictOldestIdle();

            if (feeds.Count >= options.MaxTopics)
            {
                ticket = 0;
                return false;
            }

            feed = new TopicFeed(topic, Reads, cache, options, time, logger, OnIdle);
            feeds.Add(topic, feed);
            ticket = feed.Join(reader);
            feed.Start();
            FollowChanges();
            return true;
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
            idle.Clear();
            idleNodes.Clear();
            FollowChanges();
        }

        Reads.Dispose();
    }

    /// <summary>The change feed is read while there are feeds, and so for all the time that each of them lives.</summary>
    private void FollowChanges()
    {
        if (feeds.Count == 0)
        {
            _ = following?.CancelAsync(); // what is cancelled must not run under the lock
            following = null;
        }
        else if (following is null)
        {
            var stop = (following = new CancellationTokenSource()).Token;
            using (ExecutionContext.SuppressFlow())
                _ = Task.Run(() => changes.RunAsync(OnChange, OnGap, stop));
        }
    }

    private void OnChange(TopicChange change) => Feed(change.Topic)?.OnHint(change.Last, change.HasEnded);

    /// <summary>Hints may have been missed, of whichever topic.</summary>
    private void OnGap()
    {
        List<TopicFeed> all;
        lock (gate)
            all = [.. feeds.Values];

        all.ForEach(feed => feed.LookSoon());
    }

    private TopicFeed? Feed(Topic topic)
    {
        lock (gate)
            return feeds.GetValueOrDefault(topic);
    }

    private void OnWritten(Topic topic, TopicHead head, IReadOnlyList<StoredEvent> events) => Feed(topic)?.OnWritten(head, events);

    private void OnIdle(TopicFeed feed)
    {
        lock (gate)
        {
            // Somebody may have joined meanwhile, or the feed may have ended.
            if (feed.HasReaders || feeds.GetValueOrDefault(feed.Topic) != feed)
                return;

            RemoveIdle(feed);
            idleNodes[feed] = idle.AddLast((feed, time.GetTimestamp()));
            if (idle.Count > MaxWarmFeeds)
                EvictOldestIdle();
        }
    }

    /// <summary>Ends the feeds that have been without readers for long enough.</summary>
    private void EvictCold()
    {
        lock (gate)
        {
            while (idle.First is { } oldest && time.GetElapsedTime(oldest.Value.Since) >= WarmTime)
                EvictOldestIdle();
        }
    }

    private void EvictOldestIdle()
    {
        if (idle.First?.Value.Feed is not { } feed)
            return;

        RemoveIdle(feed);
        feeds.Remove(feed.Topic);
        feed.Dispose();
        FollowChanges();
    }

    private void RemoveIdle(TopicFeed feed)
    {
        if (idleNodes.Remove(feed, out var node))
            idle.Remove(node);
    }
}
