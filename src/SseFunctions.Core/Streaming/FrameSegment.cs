namespace SseFunctions.Streaming;

/// <summary>
/// A growing run of frames: bytes once written stay as they are, so a slice handed out remains valid while more is
/// appended. Guarded by its cache's lock.
/// </summary>
internal sealed class FrameSegment
{
    private readonly List<int> ends;
    private byte[] buffer;

    public FrameSegment(object owner, FrameRun run)
    {
        Owner = owner;
        First = run.First;
        buffer = run.Bytes.ToArray();
        ends = [.. run.Ends];
        NewestTime = run.NewestTime;
    }

    public object Owner { get; }

    public long First { get; }

    public long Last => First + ends.Count - 1;

    /// <summary>The last event's time.</summary>
    public DateTimeOffset NewestTime { get; private set; }

    /// <summary>What this segment costs in memory.</summary>
    public long Size => buffer.Length + (sizeof(int) * (long)ends.Capacity);

    private int Length => ends[^1];

    public ReadOnlyMemory<byte> From(long sequence)
    {
        var start = sequence == First ? 0 : ends[(int)(sequence - First) - 1];
        return buffer.AsMemory(start, Length - start);
    }

    /// <summary>Adds what the run holds behind <see cref="Last"/>; the run must reach back to it.</summary>
    public void Append(FrameRun run)
    {
        if (run.Last <= Last)
            return;

        var added = run.From(Last + 1);
        var (length, shift) = (Length, Length + added.Length - run.Bytes.Length);
        if (length + added.Length > buffer.Length)
            Array.Resize(ref buffer, Math.Max(2 * buffer.Length, length + added.Length));

        added.CopyTo(buffer.AsMemory(length));
        for (var i = (int)(Last + 1 - run.First); i < run.Ends.Count; i++)
            ends.Add(run.Ends[i] + shift);

        NewestTime = run.NewestTime;
    }

    public FrameRun ToRun() => new(First, buffer.AsMemory(0, Length), [.. ends], NewestTime);
}
