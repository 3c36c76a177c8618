using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>Collects the events of a page, in the order of their ids: the first that were asked for, or the last.</summary>
internal sealed class HistoryPageBuilder(HistoryRequest request)
{
    private readonly Queue<HistoryEvent> events = new();
    private int bytes;

    /// <summary>How many events it has looked at since <see cref="start"/>, and the bytes of their frames.</summary>
    private (long Count, long Bytes) scanned;

    /// <summary>Where reading began; null until that is known.</summary>
    private EventId? start;

    /// <summary>Whether events that would have come first had to go.</summary>
    private bool hasDropped;

    /// <summary>Whether reading began anew nearer to the end, for the size of the events before.</summary>
    private bool hasSkipped;
    private StreamGap? gap;

    /// <summary>Whether no more events are to be read.</summary>
    public bool IsFull => scanned.Count >= HistoryRequest.MaxScanned || (!request.IsBackward && (events.Count >= request.Limit || HasManyBytes));

    /// <summary>Whether the page is to end, rather than to have a gap in its middle.</summary>
    public bool EndsAtGap => !request.IsBackward && events.Count > 0;

    /// <summary>Takes note of where reading is. The first place is where it began.</summary>
    public void MoveTo(EventId cursor) => start ??= cursor;

    public bool IsAtEnd(EventId cursor) => cursor.Sequence + 1 >= End(cursor);

    /// <summary>Takes note of a gap: reading begins anew after it.</summary>
    public void Report(StreamGap found)
    {
        gap ??= found;
        BeginAnew();
        hasSkipped = false;
    }

    /// <summary>Takes the next event, or takes note that the filter has left it out.</summary>
    /// <returns>False when the page is full.</returns>
    public bool TryAdd(FeedRead read)
    {
        var frame = read.Slice.Bytes;
        if (IsFull || (!request.IsBackward && events.Count > 0 && bytes + frame.Length > HistoryRequest.MaxPageBytes))
            return false;

        scanned = (scanned.Count + 1, scanned.Bytes + frame.Length + read.Slice.LeftOut);
        if (frame.IsEmpty)
            return true;

        events.Enqueue(new HistoryEvent(read.Cursor.Sequence, frame, read.Slice.NewestTime));
        bytes += frame.Length;
        while (events.Count > request.Limit || (events.Count > 1 && bytes > HistoryRequest.MaxPageBytes))
        {
            bytes -= events.Dequeue().Frame.Length;
            hasDropped = true;
        }

        return true;
    }

    /// <summary>
    /// Where to go on after what was added. A page that goes backwards reads up to its end. Where its events are too large for that,
    /// it begins anew nearer to the end: as many events before it as it has read so far, at most.
    /// </summary>
    public EventId NextPlace(FeedRead read)
    {
        var cursor = read.Cursor;
        if (!request.IsBackward || !HasManyBytes)
            return cursor;

        var last = Math.Min(End(cursor) - 1 ?? read.Until, read.Until);
        var place = last - Math.Min(scanned.Count, (last - start!.Value.Sequence) / 2);
        if (place <= cursor.Sequence)
            return cursor; // there is less left

        BeginAnew();
        hasSkipped = true;
        return cursor with { Sequence = place };
    }

    /// <param name="cursor">Where reading has ended.</param>
    /// <param name="hasMore">Whether there is more after that.</param>
    public HistoryPage Build(EventId cursor, bool hasMore)
    {
        if ((request.Before is not null && End(cursor) is null) || request.IsUnknownBefore)
            gap ??= new StreamGap(ReasonWithoutEnd(cursor), null, start!.Value);

        var isToEnd = cursor.Sequence + 1 == End(cursor);
        if (request.IsBackward)
        {
            var older = hasDropped || hasSkipped || !IsOldest(cursor) ? cursor with { Sequence = FirstSequence } : (EventId?)null;
            return new(events, older, gap, gap is null && isToEnd && older is not null);
        }

        var next = hasMore && !isToEnd ? cursor : (EventId?)null;
        return new(events, next, gap, gap is null && request.After!.LastEventId is not null && (next is not null || isToEnd));
    }

    private bool HasManyBytes => scanned.Bytes >= HistoryRequest.MaxScannedBytes;

    private void BeginAnew()
    {
        start = null;
        events.Clear();
        (bytes, scanned, hasDropped) = (0, default, false);
    }

    /// <summary>Before which an older page ends: the first event of this one, or the first that its filter has looked at.</summary>
    private long FirstSequence => hasDropped ? events.Peek().Sequence : start!.Value.Sequence + 1;

    /// <summary>Where the page is to end, if that is in this log.</summary>
    private long? End(EventId cursor) => request.Before is { } before && before.Epoch == cursor.Epoch ? before.Sequence : null;

    /// <summary>Whether reading began later than it was to, which is at the oldest retained event.</summary>
    private bool IsOldest(EventId cursor) => start!.Value.Sequence == 0 || start.Value.Sequence > cursor.Sequence - request.Start.Newest;

    private string ReasonWithoutEnd(EventId cursor) =>
        request.IsUnknownBefore ? StreamGap.Unknown : cursor == EventId.Start ? StreamGap.Deleted : StreamGap.Epoch;
}
