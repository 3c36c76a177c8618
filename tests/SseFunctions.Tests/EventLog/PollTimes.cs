namespace SseFunctions.Tests.EventLog;

/// <summary>A clock that the test moves, and that says whether the change feed's reader waits for its next poll: what is counted by the clock must not run on while a poll is on its way.</summary>
/// <param name="interval">The longest between two polls. Other delays are longer than twice that when they are made.</param>
internal sealed class PollTimes(TimeSpan interval) : PatientTime
{
    private int pauses;

    /// <summary>Whether a pause between two polls has begun and is not over.</summary>
    public bool IsPause => Volatile.Read(ref pauses) > 0;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        var isDelay = state is Task; // Task.Delay or WaitAsync; a CancellationTokenSource's is none
        if (!isDelay || dueTime > 2 * interval)
            return timer;

        Interlocked.Increment(ref pauses);
        return new Pause(timer, () => Interlocked.Decrement(ref pauses));
    }

    private sealed class Pause(ITimer timer, Action onEnd) : ITimer
    {
        private int hasEnded;

        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);

        public void Dispose()
        {
            timer.Dispose();
            if (Interlocked.Exchange(ref hasEnded, 1) == 0)
                onEnd();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
