using System.Runtime.InteropServices;

namespace SseFunctions.Streaming;

/// <summary>
/// The frames of one buffer that a filter passes, for all its readers. As in the buffer, bytes once written stay as they are.
/// Guarded by the buffer's cache's lock.
/// </summary>
internal sealed class FilteredFrames(EventFilter filter, long first)
{
    private readonly List<long> sequences = [];
    private readonly List<int> ends = [];
    private readonly List<DateTimeOffset> times = [];
    private byte[] bytes = [];

    public EventFilter Filter { get; } = filter;

    /// <summary>The sequence of the next event to look at.</summary>
    public long Next { get; private set; } = first;

    /// <summary>Bytes of memory.</summary>
    public long Size => bytes.Length + (sizeof(int) * (long)ends.Capacity) + (sizeof(long) * (long)sequences.Capacity) + (FrameBuffer.TimeSize * (long)times.Capacity);

    private int Length => StartOf(ends.Count);

    /// <summary>Takes the next event, if the filter passes it.</summary>
    /// <param name="max">Bytes of all events that the buffer has.</param>
    public void Add(ReadOnlySpan<byte> frame, DateTimeOffset time, int max)
    {
        if (Filter.Passes(frame))
        {
            var (start, end) = (Length, Length + frame.Length);
            if (end > bytes.Length)
                Array.Resize(ref bytes, Math.Max(end, Math.Min(2 * bytes.Length, max)));

            frame.CopyTo(bytes.AsSpan(start));
            sequences.Add(Next);
            ends.Add(end);
            times.Add(time);
        }

        Next++;
    }

    /// <summary>What the filter passes from one sequence to another, as far as a slice goes.</summary>
    public FrameSlice Slice(long sequence, long last)
    {
        var (index, count) = (IndexOf(sequence), IndexOf(last + 1));
        if (index == count)
            return new FrameSlice(default, last, default) { Passed = 0, LeavesOutLast = true };

        var (start, end) = (StartOf(index), FrameSlice.LastIndex(CollectionsMarshal.AsSpan(ends)[..count], index));
        var reached = end == count - 1 ? last : sequences[end];
        return new FrameSlice(bytes.AsMemory(start, ends[end] - start), reached, times[end]) { Passed = end - index + 1, LeavesOutLast = sequences[end] != reached };
    }

    /// <summary>How many of the frames are of sequences before this one.</summary>
    private int IndexOf(long sequence)
    {
        var found = sequences.BinarySearch(sequence);
        return found < 0 ? ~found : found;
    }

    private int StartOf(int index) => index == 0 ? 0 : ends[index - 1];
}
