namespace SseFunctions.EventLog;

/// <summary>Counts faults of one kind, so that many of them make one line in the log: at once for the first, and then at most one an interval.</summary>
internal sealed class FaultTally(TimeSpan interval, TimeProvider time)
{
    private readonly Lock gate = new();
    private long? lastReported;
    private int faults;

    /// <summary>Takes note of a fault.</summary>
    /// <param name="count">Those since the last report, this one included.</param>
    /// <returns>Whether it is to be reported.</returns>
    public bool IsDue(out int count)
    {
        lock (gate)
        {
            count = ++faults;
            if (lastReported is { } last && time.GetElapsedTime(last) < interval)
                return false;

            (faults, lastReported) = (0, time.GetTimestamp());
            return true;
        }
    }
}
