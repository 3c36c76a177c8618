using System.Runtime.InteropServices;

namespace SseFunctions.Streaming;

/// <summary>
/// Consecutive frames in one array that only grows at its end: bytes once written stay as they are, so a slice handed out
/// remains valid while more is appended. Guarded by its cache's lock.
/// </summary>
internal sealed class FrameSegment(long first)
{
    /// <summary>What a segment holds, unless one frame alone is larger: a slow reader keeps no more than this from being freed.</summary>
    private const int MaxBytes = 256 * 1024;

    /// <summary>Bytes of a DateTimeOffset in a list.</summary>
    private const int TimeSize = 16;

    private readonly List<int> ends = [];
    private readonly List<DateTimeOffset> times = [];
    private byte[] buffer = [];

    public long First { get; } = first;

    public long Last => First + ends.Count - 1;

    /// <summary>Bytes of memory.</summary>
    public long Size => buffer.Length + ((sizeof(int) + TimeSize) * (long)ends.Capacity);

    private int Length => StartOf(ends.Count);

    /// <summary>Takes the frame of the next sequence.</summary>
    /// <returns>Whether there was room for it.</returns>
    public bool TryAppend(ReadOnlySpan<byte> frame, DateTimeOffset time)
    {
        var (start, end) = (Length, Length + frame.Length);
        if (end > MaxBytes && start > 0)
            return false;

        if (end > buffer.Length)
            Array.Resize(ref buffer, Math.Max(end, Math.Min(2 * buffer.Length, MaxBytes)));

        frame.CopyTo(buffer.AsSpan(start));
        ends.Add(end);
        times.Add(time);
        return true;
    }

    /// <summary>Whole frames from one sequence to another, as far as a slice goes.</summary>
    public FrameSlice Slice(long sequence, long last)
    {
        var index = (int)(sequence - First);
        var start = StartOf(index);
        var count = (int)Math.Min(ends.Count, last - First + 1);
        var end = FrameSlice.LastIndex(CollectionsMarshal.AsSpan(ends)[..count], index);
        return new FrameSlice(buffer.AsMemory(start, ends[end] - start), First + end, times[end]);
    }

    public DateTimeOffset TimeOf(long sequence) => times[(int)(sequence - First)];

    public ReadOnlySpan<byte> FrameOf(long sequence)
    {
        var index = (int)(sequence - First);
        return buffer.AsSpan(StartOf(index), ends[index] - StartOf(index));
    }

    private int StartOf(int index) => index == 0 ? 0 : ends[index - 1];
}
