using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>
/// A stream's place in one topic. While the stream has all there is and waits, it is parked here: the feed then writes new
/// events to the client by itself, without waking the stream.
/// </summary>
internal sealed class TopicReader : IFeedReader, IDisposable
{
    private readonly StreamStart start;
    private readonly AsyncAutoResetEvent wake;
    private readonly StreamTelemetry telemetry;
    private readonly KeyValuePair<string, object?>[] tags;
    private readonly TimeProvider time;
    private readonly TopicFeed feed;
    private readonly long ticket;

    /// <summary>Guards the cursor, while parked, and the client against the feed's push loop.</summary>
    private readonly Lock gate = new();
    private ClientWriter? parked;

    private Task<FrameBuffer?>? load;

    /// <param name="place">The topic and where to begin.</param>
    /// <param name="feeds">Where its feed is.</param>
    /// <param name="wake">Set whenever <see cref="Read"/> may have something new.</param>
    /// <param name="telemetry">Told what is pushed.</param>
    /// <param name="tags">The stream's.</param>
    /// <param name="time">The clock.</param>
    public TopicReader(TopicStart place, TopicFeedRegistry feeds, AsyncAutoResetEvent wake, StreamTelemetry telemetry, KeyValuePair<string, object?>[] tags, TimeProvider time)
    {
        (Topic, start, this.wake, this.telemetry, this.tags, this.time) = (place.Topic, place.Start, wake, telemetry, tags, time);
        (Cursor, IsTold, IsUnknown) = (start.LastEventId, start.LastEventId is not null, start.IsUnknownId);
        (feed, ticket) = feeds.Join(place.Topic, this);
    }

    public Topic Topic { get; }

    /// <summary>The last event that the stream has taken; null until it is known where to begin.</summary>
    public EventId? Cursor { get; private set; }

    /// <summary>Whether the client's last event ID says as much as <see cref="Cursor"/>.</summary>
    public bool IsTold { get; set; }

    /// <summary>Whether the client brought an id that is none of ours and has not been told so.</summary>
    public bool IsUnknown { get; private set; }

    /// <summary>Completes when the table has answered, or failed to, for the first time.</summary>
    public Task FirstAnswer => feed.FirstAnswer;

    /// <summary>Whether the topic is complete, and the client brought its last id.</summary>
    public bool IsFullyRead => !IsUnknown
        && feed.TryResolve(start, out var resolved, out _)
        && feed.Read(resolved, ticket, isLive: false).Kind == FeedReadKind.Complete;

    /// <summary>Finds out where to begin.</summary>
    /// <param name="unresolved">Why that is not known yet.</param>
    public bool TryResolve(out FeedRead unresolved)
    {
        unresolved = default;
        if (Cursor is null && feed.TryResolve(start, out var resolved, out unresolved))
            Cursor = resolved;

        return Cursor is not null;
    }

    /// <summary>What comes next, once it is known where to begin. Never waits and never reads the table.</summary>
    /// <param name="isLive">Whether the stream stays, and so may leave to the push loop what has only just come.</param>
    public FeedRead Read(bool isLive)
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

        var read = feed.Read(cursor, ticket, isLive, buffer);
        if (read.Kind == FeedReadKind.NotLoaded)
            MoveTo(read.Cursor);

        return read;
    }

    /// <summary>Loads what the cursor lacks, and wakes the stream then.</summary>
    public void Load()
    {
        if (load is not null)
            return;

        load = feed.LoadAsync(Cursor.GetValueOrDefault());
        load.GetAwaiter().UnsafeOnCompleted(wake.Set);
    }

    /// <summary>Moves on behind what was read.</summary>
    /// <returns>How many events that was.</returns>
    public long MoveTo(EventId next)
    {
        var events = Cursor is { } from && from.Epoch == next.Epoch ? next.Sequence - from.Sequence : next.Sequence;
        IsTold &= next == Cursor;
        (Cursor, IsUnknown) = (next, false);
        return events;
    }

    /// <summary>Lets the feed write to the client, until <see cref="TakeBack"/>.</summary>
    public void Park(ClientWriter client)
    {
        lock (gate)
            parked = client;
    }

    public void TakeBack()
    {
        lock (gate)
            parked = null;
    }

    /// <summary>Gives the stream what is new: writes it to the client when it is parked right before, else wakes it to see for itself.</summary>
    /// <param name="after">The event before the slice.</param>
    /// <param name="slice">The new events.</param>
    /// <param name="chunk">Their frames as a chunk of an HTTP response.</param>
    public void Push(EventId after, FrameSlice slice, ReadOnlyMemory<byte> chunk)
    {
        if (!TryPush(after, slice, chunk))
            wake.Set();
    }

    /// <summary>Wakes the stream.</summary>
    public void Wake() => wake.Set();

    public void Dispose()
    {
        TakeBack();
        feed.Leave(this);
    }

    private bool TryPush(EventId after, FrameSlice slice, ReadOnlyMemory<byte> chunk)
    {
        lock (gate)
        {
            if (parked is null || Cursor != after || !ClientWriter.CanPush(slice.Bytes))
                return false;

            var isTaken = parked.TryPush(slice.Bytes, chunk);
            if (!isTaken)
                parked = null; // nothing more before the stream has seen to this

            Cursor = after with { Sequence = slice.Last };
            telemetry.Sent(tags, slice.Last - after.Sequence, slice.Bytes.Length);
            telemetry.Delivered(tags, slice.NewestTime, time);
            return isTaken;
        }
    }
}
