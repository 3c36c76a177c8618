using Microsoft.Extensions.Time.Testing;

namespace SseFunctions.Tests.EventLog;

/// <summary>
/// A clock that jumps to the end of every pause, so that retries cost a test no time. It starts now: the table's own
/// timestamps are real.
/// </summary>
internal sealed class PassingTime() : FakeTimeProvider(DateTimeOffset.UtcNow)
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        Advance(dueTime);
        return timer;
    }
}
