using Microsoft.Extensions.Time.Testing;

namespace SseFunctions.Tests.EventLog;

/// <summary>
/// A clock that jumps to the end of every delay between tries, so that retries cost a test no time. It starts now: the
/// table's own timestamps are real.
/// </summary>
internal sealed class PassingTime() : FakeTimeProvider(DateTimeOffset.UtcNow)
{
    /// <summary>Longer timers are timeouts, not delays between tries.</summary>
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(1);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime <= MaxDelay)
            Advance(dueTime);

        return timer;
    }
}
