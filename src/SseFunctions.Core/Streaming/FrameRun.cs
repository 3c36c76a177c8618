using System.Buffers;
using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>Consecutive events of one epoch as they go on the wire. Immutable.</summary>
/// <param name="Epoch">The epoch.</param>
/// <param name="First">The sequence of the first event.</param>
/// <param name="Bytes">The frames, one behind the other.</param>
/// <param name="Ends">Where each frame ends in <paramref name="Bytes"/>; never empty.</param>
/// <param name="Times">Each event's time.</param>
internal sealed record FrameRun(string Epoch, long First, ReadOnlyMemory<byte> Bytes, int[] Ends, DateTimeOffset[] Times)
{
    public long Last => First + Ends.Length - 1;

    /// <param name="epoch">The epoch of all the events.</param>
    /// <param name="events">At least one, without a hole.</param>
    public static FrameRun Of(string epoch, IReadOnlyList<StoredEvent> events)
    {
        var output = new ArrayBufferWriter<byte>();
        var ends = new int[events.Count];
        for (var i = 0; i < events.Count; i++)
        {
            SseFrame.WriteEvent(output, new EventId(epoch, events[i].Sequence).ToString(), events[i].Type, events[i].Data.Span);
            ends[i] = output.WrittenCount;
        }

        return new FrameRun(epoch, events[0].Sequence, output.WrittenMemory, ends, [.. events.Select(e => e.Time)]);
    }

    /// <summary>Makes the frames of any number of events without a hole, a run for each block of the cache.</summary>
    public static List<FrameRun> Blocks(string epoch, IReadOnlyList<StoredEvent> events) =>
        [.. events.GroupBy(stored => FrameCache.BlockOf(stored.Sequence)).Select(block => Of(epoch, [.. block]))];

    /// <summary>The frame of one event of this run.</summary>
    public ReadOnlySpan<byte> FrameOf(long sequence)
    {
        var index = (int)(sequence - First);
        return Bytes.Span[StartOf(index)..Ends[index]];
    }

    public DateTimeOffset TimeOf(long sequence) => Times[sequence - First];

    /// <summary>Whole frames from one sequence on.</summary>
    public FrameSlice From(long sequence)
    {
        var index = (int)(sequence - First);
        var last = FrameSlice.LastIndex(Ends, index);
        return new FrameSlice(Bytes[StartOf(index)..Ends[last]], First + last, Times[last]);
    }

    private int StartOf(int index) => index == 0 ? 0 : Ends[index - 1];
}
