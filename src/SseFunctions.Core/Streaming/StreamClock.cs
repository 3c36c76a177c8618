namespace SseFunctions.Streaming;

/// <summary>The time of one stream, counted from its start: the only zero point that its times have.</summary>
internal sealed class StreamClock(TimeProvider time)
{
    /// <summary>A timer counts from when it is set: what passes between a look at the clock and that comes on top.</summary>
    private static readonly TimeSpan MaxDelay = TimeSpan.FromMilliseconds(1);

    private readonly long start = time.GetTimestamp();

    public TimeProvider Time => time;

    public TimeSpan Elapsed => time.GetElapsedTime(start);

    /// <summary>A timer that does not run yet.</summary>
    public ITimer CreateTimer(TimerCallback callback, object state) =>
        time.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>Has a timer fire once, at a time of the stream; at once when that has passed.</summary>
    public void Set(ITimer timer, TimeSpan end)
    {
        TimeSpan now;
        do
        {
            now = Elapsed;
            timer.Change(end > now ? end - now : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
        while (Elapsed - now > MaxDelay);
    }
}
