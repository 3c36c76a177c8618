namespace SseFunctions.Streaming;

/// <summary>The time of one stream, counted from its start: the only zero point that its times have.</summary>
internal sealed class StreamClock(TimeProvider time)
{
    private readonly long start = time.GetTimestamp();

    public TimeProvider Time => time;

    public TimeSpan Elapsed => time.GetElapsedTime(start);

    /// <summary>A timer that does not run yet.</summary>
    public ITimer CreateTimer(TimerCallback callback, object state) =>
        time.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
}
