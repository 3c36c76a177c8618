using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>Writes what a stream has read of its topics to its client, and counts it.</summary>
/// <param name="client">Whose lock the stream holds.</param>
/// <param name="position">The stream's places in its topics.</param>
/// <param name="staysLive">Whether the stream stays when it has all there is.</param>
internal sealed class EventWriter(
    ClientWriter client, StreamPosition position, bool staysLive, StreamClock clock, StreamTelemetry telemetry, KeyValuePair<string, object?>[] tags)
{
    private long sentEvents;

    /// <summary>Whether the stream has once had all there was.</summary>
    public bool IsLive { get; private set; }

    /// <summary>When events were written last; null before the first.</summary>
    public TimeSpan? LastEvents { get; private set; }

    public async ValueTask WriteEventsAsync(TopicReader reader, FeedRead read)
    {
        if (position.Only is null)
        {
            await WriteRelabelledAsync(reader, read);
        }
        else
        {
            Take(reader, read);
            await client.WriteAsync(read.Slice.Bytes);
        }

        position.MarkCursorSent();
        LastEvents = clock.Elapsed;
    }

    public async ValueTask WriteResetAsync(TopicReader reader, FeedRead read)
    {
        reader.MoveTo(read.Cursor);
        // While a gap in another topic is still to be reported, the client keeps its id: cut off now, it comes back and gets all reports.
        var id = position.HasUnknown ? null : position.Id;
        await client.WriteAsync(SseFrame.Reset(reader.Topic, read.Gap!, id));
        telemetry.Reset(read.Gap!.Reason);
        if (id is not null)
            position.MarkCursorSent();
    }

    /// <summary>The client has all there is: sends it its cursor, if it does not have it.</summary>
    public async ValueTask OnCaughtUpAsync()
    {
        if (!IsLive)
            telemetry.CaughtUp(tags, sentEvents);

        IsLive = true;
        if (position.ClientKnowsCursor)
            return;

        // Without it, a client that has seen no event yet would come back without a cursor.
        await client.WriteAsync(SseFrame.Cursor(position.Id));
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
            read = output.Count < FrameSlice.MaxBytes ? position.Next(staysLive, out reader) : default;
        }

        await output.FlushAsync();
    }

    private void Take(TopicReader reader, FeedRead read)
    {
        var events = reader.MoveTo(read.Cursor);
        sentEvents += events;
        telemetry.Sent(tags, events, read.Slice.Bytes.Length);
        if (IsLive)
            telemetry.Delivered(tags, read.Slice.NewestTime, clock.Time);
    }
}
