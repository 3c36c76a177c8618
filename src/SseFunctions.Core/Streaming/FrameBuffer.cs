using System.Buffers;
using System.Runtime.InteropServices;
using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>
/// Consecutive events of one epoch as they go on the wire, in one array that only grows at its end: bytes once written stay as
/// they are, so a slice handed out remains valid while more is appended. Guarded by its cache's lock once it is there.
/// </summary>
/// <param name="first">The sequence of the first event.</param>
internal sealed class FrameBuffer(string epoch, long first)
{
    /// <summary>
    /// What a buffer holds, unless one frame alone is larger: what a slice holds, since a client that takes nothing keeps the whole
    /// buffer of its slice from being freed.
    /// </summary>
    public const int MaxBytes = FrameSlice.MaxBytes;

    /// <summary>Bytes of a DateTimeOffset in a list.</summary>
    public const int TimeSize = 16;

    /// <summary>Filters for which frames are kept; readers with others get bytes of their own.</summary>
    public const int MaxFilters = 16;

    private readonly List<int> ends = [];
    private readonly List<DateTimeOffset> times = [];
    private byte[] bytes = [];
    private List<FilteredFrames>? filtered;

    public string Epoch { get; } = epoch;

    public long First { get; } = first;

    public long Last => First + ends.Count - 1;

    /// <summary>Bytes of memory.</summary>
    public long Size => bytes.Length + ((sizeof(int) + TimeSize) * (long)ends.Capacity) + (filtered?.Sum(frames => frames.Size) ?? 0);

    private int Length => StartOf(ends.Count);

    /// <summary>Makes the frames of any number of events of one epoch, without a hole.</summary>
    public static List<FrameBuffer> From(string epoch, IReadOnlyList<StoredEvent> events)
    {
        var buffers = new List<FrameBuffer>();
        var frame = new ArrayBufferWriter<byte>();
        foreach (var stored in events)
        {
            frame.ResetWrittenCount();
            SseFrame.WriteEvent(frame, new EventId(epoch, stored.Sequence).ToString(), stored.Type, stored.Data.Span);
            if (buffers.Count > 0 && buffers[^1].TryAppend(frame.WrittenSpan, stored.Time))
                continue;

            buffers.Add(new FrameBuffer(epoch, stored.Sequence));
            buffers[^1].TryAppend(frame.WrittenSpan, stored.Time);
        }

        return buffers;
    }

    public bool Has(long sequence) => First <= sequence && sequence <= Last;

    /// <summary>Adds all frames of a buffer that begins with the next event.</summary>
    /// <returns>Whether there was room for them; if not, none was added.</returns>
    public bool TryAppend(FrameBuffer next)
    {
        if (Length + next.Length > MaxBytes)
            return false;

        next.CopyTo(this, next.First, next.Last);
        return true;
    }

    /// <summary>The frames from one sequence to another, both of which it has: the buffer itself, or a copy.</summary>
    public FrameBuffer Part(long first, long last)
    {
        if (first == First && last == Last)
            return this;

        var part = new FrameBuffer(Epoch, first);
        CopyTo(part, first, last);
        return part;
    }

    /// <summary>Whole frames from one sequence to another, as far as a slice goes.</summary>
    public FrameSlice Slice(long sequence, long last)
    {
        var index = (int)(sequence - First);
        var start = StartOf(index);
        var count = (int)Math.Min(ends.Count, last - First + 1);
        var end = FrameSlice.LastIndex(CollectionsMarshal.AsSpan(ends)[..count], index);
        return new FrameSlice(bytes.AsMemory(start, ends[end] - start), First + end, times[end]);
    }

    /// <summary>What a filter passes of the frames from one sequence to another, as far as a slice goes.</summary>
    public FrameSlice Slice(long sequence, long last, EventFilter? filter)
    {
        if (filter is null)
            return Slice(sequence, last);

        last = Math.Min(last, Last);
        var frames = filtered?.Find(kept => kept.Filter.Equals(filter));
        if (frames is null && (filtered ??= []).Count < MaxFilters)
            filtered.Add(frames = new FilteredFrames(filter, First));

        frames ??= new FilteredFrames(filter, sequence);
        while (frames.Next <= last)
        {
            var index = (int)(frames.Next - First);
            frames.Add(bytes.AsSpan(StartOf(index), ends[index] - StartOf(index)), times[index], Length);
        }

        var slice = frames.Slice(sequence, last);
        return slice with { LeftOut = ends[(int)(slice.Last - First)] - StartOf((int)(sequence - First)) - slice.Bytes.Length };
    }

    /// <summary>Adds the frame of the next event.</summary>
    /// <returns>Whether there was room for it.</returns>
    private bool TryAppend(ReadOnlySpan<byte> frame, DateTimeOffset time)
    {
        var (start, end) = (Length, Length + frame.Length);
        if (end > MaxBytes && start > 0)
            return false;

        if (end > bytes.Length)
            Array.Resize(ref bytes, Math.Max(end, Math.Min(2 * bytes.Length, MaxBytes)));

        frame.CopyTo(bytes.AsSpan(start));
        ends.Add(end);
        times.Add(time);
        return true;
    }

    private void CopyTo(FrameBuffer other, long first, long last)
    {
        for (var index = (int)(first - First); index <= last - First; index++)
            other.TryAppend(bytes.AsSpan(StartOf(index), ends[index] - StartOf(index)), times[index]);
    }

    private int StartOf(int index) => index == 0 ? 0 : ends[index - 1];
}
