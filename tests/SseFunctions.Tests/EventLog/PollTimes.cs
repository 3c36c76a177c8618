namespace SseFunctions.Tests.EventLog;

/// <summary>A clock that the test moves, and that says whether the change feed's reader waits for its next poll: what is counted by the clock must not run on while a poll is on its way.</summary>
/// <param name="interval">The longest between two polls. Other delays are longer than twice that when they are made.</param>
internal sealed class PollTimes(TimeSpan interval) : PatientTime
{
    private readonly Lock gate = new();
    private DateTimeOffset pauseEnd;

    /// <summary>Is called when a pause has begun.</summary>
    public Action? PauseBegins { get; set; }

    /// <summary>
    /// Whether a pause between two polls has begun and is not over. It is over when its time has come, and not only when its timer has
    /// been called: another thread may be on its way to that, while the test would move the clock on and on.
    /// </summary>
    public bool IsPause
    {
        get
        {
            lock (gate)
                return GetUtcNow() < pauseEnd;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var isDelay = state is Task; // Task.Delay or WaitAsync; a CancellationTokenSource's is none
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (!isDelay || dueTime > 2 * interval)
            return timer;

        lock (gate)
        {
            var end = GetUtcNow() + dueTime; // not before the timer's
            pauseEnd = end > pauseEnd ? end : pauseEnd;
        }

        PauseBegins?.Invoke();
        return timer;
    }
}
