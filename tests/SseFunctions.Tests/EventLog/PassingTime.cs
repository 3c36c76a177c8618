using Microsoft.Extensions.Time.Testing;

namespace SseFunctions.Tests.EventLog;

/// <summary>
/// A clock that jumps to the end of every pause between tries, so that retries cost a test no time. It starts now: the
/// table's own timestamps are real.
/// </summary>
internal sealed class PassingTime() : FakeTimeProvider(DateTimeOffset.UtcNow)
{
    /// <summary>Longer timers are limits to somebody's patience, not pauses.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime <= LongestPause)
            Advance(dueTime);

        return timer;
    }
}
