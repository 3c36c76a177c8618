using SseFunctions.EventLog;

namespace SseFunctions.TestSupport;

/// <summary>
/// The system's clock, but no read of storage comes to its timeout, and no feed that nobody reads is let go: a busy machine may
/// need longer than that between two steps of a test. Timers that are set later than they are made, as those of streams, all fire.
/// </summary>
public sealed class PatientClock : TimeProvider
{
    public static readonly PatientClock Instance = new();

    private PatientClock()
    {
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime == EventTable.ReadTimeout ? Timeout.InfiniteTimeSpan : dueTime, period);
}
