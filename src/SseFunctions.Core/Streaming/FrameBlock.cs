using System.Buffers;
using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>
/// Frames of one block, a fixed range of <see cref="MaxEvents"/> sequences: consecutive ones, in one or more buffers. Guarded
/// by its cache's lock once it is there.
/// </summary>
internal sealed class FrameBlock
{
    /// <summary>How many events share a block: a request to the table reads four; at 200 bytes an event, 60 KiB, and at 64 KiB 16 MiB.</summary>
    public const int MaxEvents = TableEventLog.PageRows / 4;

    private readonly List<FrameBuffer> buffers = [];

    private FrameBlock()
    {
    }

    /// <summary>The number of the block's range.</summary>
    public long Number => NumberOf(First);

    public long First => buffers[0].First;

    public long Last => buffers[^1].Last;

    public long Count => Last - First + 1;

    /// <summary>Bytes of memory.</summary>
    public long Size => buffers.Sum(buffer => buffer.Size);

    public static long NumberOf(long sequence) => (sequence - 1) / MaxEvents;

    /// <summary>The first sequence of a block's range.</summary>
    public static long FirstOf(long number) => (number * MaxEvents) + 1;

    /// <summary>Makes the frames of any number of events of one epoch, without a hole.</summary>
    public static List<FrameBlock> From(string epoch, IReadOnlyList<StoredEvent> events)
    {
        var blocks = new List<FrameBlock>();
        var frame = new ArrayBufferWriter<byte>();
        foreach (var stored in events)
        {
            if (blocks.Count == 0 || NumberOf(stored.Sequence) != blocks[^1].Number)
            {
                blocks.Add(new FrameBlock());
                blocks[^1].buffers.Add(new FrameBuffer(epoch, stored.Sequence));
            }

            frame.ResetWrittenCount();
            SseFrame.WriteEvent(frame, new EventId(epoch, stored.Sequence).ToString(), stored.Type, stored.Data.Span);
            blocks[^1].Append(epoch, frame.WrittenSpan, stored);
        }

        return blocks;
    }

    /// <summary>Whole frames from one sequence to another, of one buffer.</summary>
    public FrameSlice Slice(long sequence, long last, EventFilter? filter = null) =>
        buffers[buffers.FindLastIndex(buffer => buffer.First <= sequence)].Slice(sequence, last, filter); // from the end: most readers are there

    /// <summary>The buffer that has a sequence; null when none has.</summary>
    public FrameBuffer? BufferAt(long sequence) => buffers.Find(buffer => buffer.Has(sequence));

    /// <summary>Adds what the other block holds after <see cref="Last"/>; it must hold the event after that, or nothing of it.</summary>
    public void Append(FrameBlock other)
    {
        foreach (var next in other.buffers.Where(buffer => buffer.Last > Last))
        {
            var rest = next.From(Math.Max(next.First, Last + 1));
            if (!buffers[^1].TryAppend(rest))
                buffers.Add(rest);
        }
    }

    private void Append(string epoch, ReadOnlySpan<byte> frame, StoredEvent stored)
    {
        if (buffers[^1].TryAppend(frame, stored.Time))
            return;

        buffers.Add(new FrameBuffer(epoch, stored.Sequence));
        buffers[^1].TryAppend(frame, stored.Time);
    }
}
