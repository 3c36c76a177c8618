using Microsoft.Extensions.Time.Testing;
using SseFunctions.EventLog;

namespace SseFunctions.Tests.EventLog;

/// <summary>
/// A clock that the test moves, but no read, poll or flush comes to its timeout, however far it is moved while one is under way: a busy
/// machine answers none in so few steps.
/// </summary>
internal class PatientTime() : FakeTimeProvider(DateTimeOffset.UtcNow)
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var isDelay = state is Task; // which may happen to be as long
        var isTimeout = !isDelay && (dueTime == EventTable.ReadTimeout || dueTime == ChangeFeedReader.PollTimeout || dueTime == ChangeFeedWriter.FlushTimeout);
        return base.CreateTimer(callback, state, isTimeout ? Timeout.InfiniteTimeSpan : dueTime, period);
    }
}
