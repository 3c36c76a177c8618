using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>
/// A stream's place in one topic. While the stream has all there is and waits, the feed writes new events to the client by
/// itself, without waking the stream. Whoever holds the client's lock may move the cursor.
/// </summary>
internal sealed class TopicReader : IFeedReader, IDisposable
{
    private readonly StreamStart start;
    private readonly AsyncAutoResetEvent wake;
    private readonly StreamTelemetry telemetry;
    private readonly KeyValuePair<string, object?>[] tags;
    private readonly TimeProvider time;
    private readonly TopicFeedRegistry feeds;
    private readonly TopicFeed? feed;
    private long ticket;

    private Task<FrameBuffer?>? load;
    private Task<EventId>? search;
    private CancellationTokenSource? searching;

    /// <param name="place">The topic and where to begin.</param>
    /// <param name="feeds">Where its feed is.</param>
    /// <param name="wake">Set whenever <see cref="Read"/> may have something new.</param>
    /// <param name="telemetry">Counts what is pushed.</param>
    public TopicReader(TopicStart place, TopicFeedRegistry feeds, AsyncAutoResetEvent wake, StreamTelemetry telemetry, KeyValuePair<string, object?>[] tags, TimeProvider time)
    {
        (Topic, start, this.feeds, this.wake, this.telemetry, this.tags, this.time) = (place.Topic, place.Start, feeds, wake, telemetry, tags, time);
        (Cursor, ClientKnowsCursor, IsUnknown) = (start.LastEventId, start.LastEventId is not null, start.IsUnknownId);
        feeds.TryJoin(place.Topic, this, out feed, out ticket);
    }

    public Topic Topic { get; }

    /// <summary>Which events the stream wants; null for all.</summary>
    public EventFilter? Filter { get; init; }

    /// <summary>The client that the feed may write to; null when the feed only wakes the stream.</summary>
    public ClientWriter? Client { get; set; }

    /// <summary>The last event that the stream has taken; null until it is known where to begin.</summary>
    public EventId? Cursor { get; private set; }

    /// <summary>Whether the client's last event ID says as much as <see cref="Cursor"/>.</summary>
    public bool ClientKnowsCursor { get; private set; }

    /// <summary>Whether the client brought an id of this server, and so can come back with one.</summary>
    public bool HasBroughtId => start.LastEventId is not null;

    /// <summary>Whether the client brought an id that was not issued by this server, and this is still to be reported.</summary>
    public bool IsUnknown { get; private set; }

    /// <summary>Completes when the table has answered, or failed to, for the first time.</summary>
    public Task FirstAnswer => feed?.FirstAnswer ?? Task.CompletedTask;

    /// <summary>Whether the topic is complete, and the client brought its last id.</summary>
    public bool IsFullyRead => !IsUnknown
        && start.Since is null // where that is takes a while
        && feed is not null
        && feed.TryResolve(start, ticket, out var resolved, out _)
        && feed.Read(resolved, ticket, isLive: false).Kind == FeedReadKind.Complete;

    /// <inheritdoc cref="TopicView.ReadActive"/>
    public FeedReadKind ReadActive() => feed?.ReadActive(ticket).Kind ?? FeedReadKind.TooManyTopics;

    /// <summary>Finds out where to begin.</summary>
    /// <param name="unresolved">Why that is not known yet.</param>
    public bool TryResolve(out FeedRead unresolved)
    {
        unresolved = new(FeedReadKind.TooManyTopics, default);
        if (feed is null)
            return false;

        if (Cursor is null && start.Since is { } since)
            Cursor = Find(feed, since, out unresolved);
        else if (Cursor is null && feed.TryResolve(start, ticket, out var resolved, out unresolved))
            Cursor = resolved;

        return Cursor is not null;
    }

    /// <summary>Finds out where to end, once it is known where to begin: all that comes before is then known.</summary>
    /// <param name="end">The place.</param>
    /// <param name="unresolved">Why that is not known yet.</param>
    public bool TryResolveEnd(StreamStart end, out FeedRead unresolved) => feed!.TryResolve(end, ticket, out _, out unresolved);

    /// <summary>What comes next, once it is known where to begin. Never waits and never reads the table.</summary>
    /// <param name="isLive">Whether the stream stays, and so may leave to the push loop what has only just come.</param>
    /// <param name="max">The last sequence that is wanted now; null to go on.</param>
    public FeedRead Read(bool isLive, long? max = null)
    {
        var cursor = Cursor.GetValueOrDefault();
        FrameBuffer? buffer = null;
        if (load is { IsCompleted: true } loaded)
        {
            load = null;
            if (!loaded.IsCompletedSuccessfully)
                return new(FeedReadKind.StorageUnavailable, cursor);

            buffer = loaded.Result;
        }

        if (IsUnknown)
            return new(FeedReadKind.Gap, cursor, Gap: new StreamGap(StreamGap.Unknown, null, cursor));

        var read = feed!.Read(cursor, ticket, isLive, buffer, Filter, max);
        if (read.Kind == FeedReadKind.NotLoaded)
            MoveTo(read.Cursor);

        return read;
    }

    /// <summary>Loads what the cursor lacks, and wakes the stream then.</summary>
    public void Load()
    {
        if (load is not null)
            return;

        load = feed!.LoadAsync(Cursor.GetValueOrDefault());
        load.GetAwaiter().UnsafeOnCompleted(wake.Set);
    }

    /// <summary>Moves on after what was read.</summary>
    /// <returns>How many events that was.</returns>
    public long MoveTo(EventId next)
    {
        var events = Cursor is { } from && from.Epoch == next.Epoch ? next.Sequence - from.Sequence : next.Sequence;
        ClientKnowsCursor &= next == Cursor;
        (Cursor, IsUnknown) = (next, false);
        return events;
    }

    /// <summary>The client has got an event id that says as much as the cursor.</summary>
    public void MarkCursorSent() => ClientKnowsCursor = true;

    /// <summary>
    /// Gives the stream what is new: writes it to the client, if nobody else writes and the slice continues what it has; else
    /// wakes the stream to read for itself. Never waits, and never throws: a failure ends this stream and no other.
    /// </summary>
    /// <param name="after">The event before the slice.</param>
    /// <param name="slice">The new events.</param>
    public void Push(EventId after, FrameSlice slice)
    {
        if (Client is not { } client || !client.TryEnter())
        {
            wake.Set();
            return;
        }

        try
        {
            if (Cursor != after || !TryFilter(after, ref slice) || !ClientWriter.CanPush(slice.Bytes))
            {
                client.Exit();
                wake.Set();
                return;
            }

            if (!slice.Bytes.IsEmpty)
            {
                telemetry.Sent(tags, slice.Passed ?? slice.Last - after.Sequence, slice.Bytes.Length);
                telemetry.Delivered(tags, slice.NewestTime, time);
            }
        }
        catch (Exception ex)
        {
            client.Fail(ex);
            wake.Set();
            return;
        }

        (Cursor, ClientKnowsCursor) = (after with { Sequence = slice.Last }, !slice.LeavesOutLast);
        client.Push(slice, wake);
    }

    /// <summary>Wakes the stream.</summary>
    public void Wake() => wake.Set();

    public void Dispose()
    {
        feed?.Leave(this);
        searching?.Cancel();
        searching?.Dispose();
    }

    private EventId? Find(TopicFeed feed, Since since, out FeedRead unresolved)
    {
        if (search is null)
        {
            search = feeds.Times.ReadAsync((Topic, since), (searching = new()).Token);
            search.GetAwaiter().UnsafeOnCompleted(() =>
            {
                _ = search.Exception; // the stream may be over, and nobody looks at it any more
                wake.Set();
            });
        }

        var kind = !search.IsCompleted ? FeedReadKind.Waiting
            : search.Exception?.InnerException is ReadsBusyException ? FeedReadKind.TooManySearches
            : FeedReadKind.StorageUnavailable;
        unresolved = new(kind, default);
        if (!search.IsCompletedSuccessfully)
            return null;

        ticket = feed.Join(this); // the place may be newer than what the feed knows
        return search.Result;
    }

    /// <summary>Leaves out of new events what the stream does not want.</summary>
    private bool TryFilter(EventId after, ref FrameSlice slice)
    {
        if (Filter is null)
            return true;

        var read = feed!.Read(after, ticket, isLive: false, null, Filter, slice.Last);
        if (read.Kind != FeedReadKind.Frames || read.Cursor != after with { Sequence = slice.Last })
            return false;

        slice = read.Slice;
        return true;
    }
}
