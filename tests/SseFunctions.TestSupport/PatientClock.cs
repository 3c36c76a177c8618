using SseFunctions.EventLog;

namespace SseFunctions.TestSupport;

/// <summary>
/// The system's clock, but no deadline that ends an operation passes (of reads and writes of storage, authorizers, health and history
/// pages), and no feed that nobody reads is let go: a busy machine may need longer than that between two steps of a test. Timers that
/// <see cref="ITimer.Change"/> starts, such as a stream's, are left alone, and so is <c>Task.Delay</c>.
/// </summary>
public sealed class PatientClock : TimeProvider
{
    public static readonly PatientClock Instance = new();

    private PatientClock()
    {
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, IsDeadline(state, dueTime) ? Timeout.InfiniteTimeSpan : dueTime, period);

    private static bool IsDeadline(object? state, TimeSpan dueTime) =>
        state is CancellationTokenSource || (dueTime == EventTable.ReadTimeout && state is not Task);
}
