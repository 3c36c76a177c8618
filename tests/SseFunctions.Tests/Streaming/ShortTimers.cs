namespace SseFunctions.Tests.Streaming;

/// <summary>The system's clock without timers of 5 s and more: polls and retries go on, and no request comes to its timeout.</summary>
internal sealed class ShortTimers : TimeProvider
{
    private static readonly TimeSpan TooLong = TimeSpan.FromSeconds(5);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime < TooLong ? dueTime : Timeout.InfiniteTimeSpan, period);
}
