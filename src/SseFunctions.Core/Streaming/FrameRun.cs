using System.Buffers;
using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>Consecutive events as they go on the wire. Immutable.</summary>
/// <param name="First">The sequence of the first event.</param>
/// <param name="Bytes">The frames, one behind the other.</param>
/// <param name="Ends">Where each frame ends in <paramref name="Bytes"/>; never empty.</param>
/// <param name="NewestTime">The last event's time.</param>
internal sealed record FrameRun(long First, ReadOnlyMemory<byte> Bytes, IReadOnlyList<int> Ends, DateTimeOffset NewestTime)
{
    public long Last => First + Ends.Count - 1;

    /// <param name="epoch">The epoch of all the events.</param>
    /// <param name="events">At least one, without a hole.</param>
    public static FrameRun Of(string epoch, IReadOnlyList<StoredEvent> events)
    {
        var output = new ArrayBufferWriter<byte>();
        var ends = new int[events.Count];
        for (var i = 0; i < events.Count; i++)
        {
            SseFrame.WriteEvent(output, new EventId(epoch, events[i].Sequence), events[i].Type, events[i].Data.Span);
            ends[i] = output.WrittenCount;
        }

        return new FrameRun(events[0].Sequence, output.WrittenMemory, ends, events[^1].Time);
    }

    /// <summary>The frames from one sequence of this run to its end.</summary>
    public FrameSlice SliceFrom(long sequence) => new(From(sequence), Last, NewestTime);

    /// <summary>The bytes of these frames.</summary>
    public ReadOnlyMemory<byte> From(long sequence) => Bytes[(sequence == First ? 0 : Ends[(int)(sequence - First) - 1])..];
}
