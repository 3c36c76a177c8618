using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>Writes what a stream has read of its topics to its client, and counts it.</summary>
/// <param name="client">Whose lock the stream holds.</param>
/// <param name="position">The stream's places in its topics.</param>
/// <param name="staysLive">Whether the stream stays when it has all there is.</param>
/// <param name="isFiltered">Whether the stream has some of the events only.</param>
internal sealed class EventWriter(
    ClientWriter client, StreamPosition position, bool staysLive, bool isFiltered, StreamClock clock, StreamTelemetry telemetry, KeyValuePair<string, object?>[] tags)
{
    private long sentEvents;

    /// <summary>Whether the stream has once had all there was.</summary>
    public bool IsLive { get; private set; }

    /// <summary>When events were written last; null before the first.</summary>
    public TimeSpan? LastEvents { get; private set; }

    /// <summary>Whether the client has got something that it did not have: an event, a reset or its first cursor.</summary>
    public bool HasWritten { get; private set; }

    public async ValueTask WriteEventsAsync(TopicReader reader, FeedRead read)
    {
        var before = sentEvents;
        if (position.Only is null)
        {
            await WriteRelabelledAsync(reader, read);
        }
        else
        {
            Take(reader, read);
            await client.WriteAsync(read.Slice.Bytes);
        }

        if (sentEvents > before)
            LastEvents = clock.Elapsed;
    }

    public async ValueTask WriteResetAsync(TopicReader reader, FeedRead read)
    {
        reader.MoveTo(read.Cursor);
        // While a gap in another topic is still to be reported, the client keeps its id: cut off now, it comes back and gets all reports.
        var id = position.HasUnknown ? null : position.Id;
        await client.WriteAsync(SseFrame.Reset(reader.Topic, read.Gap!, id));
        telemetry.Reset(read.Gap!.Reason);
        HasWritten = true;
        if (id is not null)
            position.MarkCursorSent();
    }

    /// <summary>The client has all there is: sends it its cursor, if it does not have it.</summary>
    /// <remarks>What a filter leaves out of a live stream moves the client's cursor with the next event, heartbeat or end, which costs no write of its own.</remarks>
    public async ValueTask OnCaughtUpAsync()
    {
        var wasLive = IsLive;
        if (!wasLive)
            telemetry.CaughtUp(tags, sentEvents);

        IsLive = true;
        if (position.ClientKnowsCursor || (wasLive && isFiltered))
            return;

        // Without it, a client that has seen no event yet would come back without a cursor.
        await WriteCursorAsync();
        HasWritten |= !position.HasBroughtIds; // else only a filter has moved it
    }

    /// <summary>Shows that the stream lives, and where it is.</summary>
    public async ValueTask WriteHeartbeatAsync()
    {
        if (NeedsCursor)
            await WriteCursorAsync(SseFrame.Heartbeat);
        else
            await client.WriteAsync(SseFrame.Heartbeat);
    }

    /// <summary>Says where the stream is, before its end.</summary>
    public ValueTask WriteLastCursorAsync() => NeedsCursor ? WriteCursorAsync() : default;

    private bool NeedsCursor => isFiltered && position is { IsKnown: true, ClientKnowsCursor: false };

    private async ValueTask WriteCursorAsync(ReadOnlyMemory<byte> before = default)
    {
        await client.WriteAsync((byte[])[.. before.Span, .. SseFrame.Cursor(position.Id).Span]);
        position.MarkCursorSent();
    }

    /// <summary>Writes what there is of all topics, up to about a slice's size, under ids that name all.</summary>
    private async ValueTask WriteRelabelledAsync(TopicReader? reader, FeedRead read)
    {
        using var output = new RelabelledWriter(client);
        while (read.Kind == FeedReadKind.Frames)
        {
            var (before, after) = position.AroundId(reader!);
            await output.WriteAsync(read.Slice.Bytes, before, after);
            Take(reader!, read);
            read = output.Count < FrameSlice.MaxBytes && client.Answer?.TryMakeRoom() != false ? position.Next(staysLive, out reader) : default;
        }

        await output.FlushAsync();
    }

    private void Take(TopicReader reader, FeedRead read)
    {
        if (!read.Slice.Bytes.IsEmpty)
            position.MarkCursorSent();

        var moved = reader.MoveTo(read.Cursor);
        if (!read.Slice.LeavesOutLast)
            reader.MarkCursorSent();

        var events = read.Slice.Passed ?? moved;
        if (events == 0)
            return;

        HasWritten = true;
        sentEvents += events;
        telemetry.Sent(tags, events, read.Slice.Bytes.Length);
        if (IsLive)
            telemetry.Delivered(tags, read.Slice.NewestTime, clock.Time);
    }
}
