using System.Threading.Tasks.Sources;

namespace SseFunctions.Streaming;

/// <summary>
/// Wakes one waiter, or its next wait when it is not waiting. Waiting allocates nothing, and whoever sets the signal does
/// not run the waiter.
/// </summary>
internal sealed class AsyncAutoResetEvent : IValueTaskSource
{
    private const int Idle = 0;
    private const int Signaled = 1;
    private const int Awaited = 2;

    private ManualResetValueTaskSourceCore<bool> source = new() { RunContinuationsAsynchronously = true };

    /// <summary>
    /// One of the three above, in place of a lock, which every stream would have. <see cref="Set"/> writes it also where it stays as it
    /// is: so whoever clears a signal sees what was written before each.
    /// </summary>
    private int state;

    public void Set()
    {
        if (Interlocked.Exchange(ref state, Signaled) != Awaited)
            return;

        Interlocked.Exchange(ref state, Idle); // signals since then are part of this wake-up
        source.SetResult(true);
    }

    /// <summary>Completes when the signal is or was set, and clears it. One waiter at a time.</summary>
    public ValueTask WaitAsync()
    {
        if (Interlocked.CompareExchange(ref state, Idle, Signaled) == Signaled)
            return ValueTask.CompletedTask;

        source.Reset();
        if (Interlocked.CompareExchange(ref state, Awaited, Idle) == Idle)
            return new ValueTask(this, source.Version);

        Interlocked.Exchange(ref state, Idle); // signaled meanwhile
        return ValueTask.CompletedTask;
    }

    void IValueTaskSource.GetResult(short token) => source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        source.OnCompleted(continuation, state, token, flags);
}
