namespace SseFunctions.Streaming;

/// <summary>The frames held of one block of sequences: one stretch without a hole, in segments. Guarded by its cache's lock.</summary>
internal sealed class FrameBlock
{
    private readonly List<FrameSegment> segments = [];

    public FrameBlock(object owner, FrameRun run)
    {
        Owner = owner;
        segments.Add(new FrameSegment(run.First));
        Append(run);
    }

    public object Owner { get; }

    public long First => segments[0].First;

    public long Last => segments[^1].Last;

    public long Count => Last - First + 1;

    /// <summary>Bytes of memory.</summary>
    public long Size => segments.Sum(segment => segment.Size);

    /// <summary>Whole frames from one sequence to another, of one segment.</summary>
    public FrameSlice Slice(long sequence, long last) => SegmentOf(sequence).Slice(sequence, last);

    /// <summary>Adds what the run holds behind <see cref="Last"/>; the run must reach back to it.</summary>
    public void Append(FrameRun run)
    {
        for (var sequence = Last + 1; sequence <= run.Last; sequence++)
            Append(run.FrameOf(sequence), run.TimeOf(sequence));
    }

    /// <summary>Adds what the other block holds behind <see cref="Last"/>; it must reach back to it.</summary>
    public void Append(FrameBlock other)
    {
        for (var sequence = Last + 1; sequence <= other.Last; sequence++)
        {
            var segment = other.SegmentOf(sequence);
            Append(segment.FrameOf(sequence), segment.TimeOf(sequence));
        }
    }

    private void Append(ReadOnlySpan<byte> frame, DateTimeOffset time)
    {
        if (segments[^1].TryAppend(frame, time))
            return;

        var next = new FrameSegment(Last + 1);
        next.TryAppend(frame, time);
        segments.Add(next);
    }

    /// <summary>From the end: most readers are there.</summary>
    private FrameSegment SegmentOf(long sequence) => segments[segments.FindLastIndex(segment => segment.First <= sequence)];
}
