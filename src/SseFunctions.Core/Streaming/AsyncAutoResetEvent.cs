using System.Threading.Tasks.Sources;

namespace SseFunctions.Streaming;

/// <summary>
/// Wakes one waiter, or its next wait when it is not waiting. Waiting allocates nothing, and whoever sets the signal does
/// not run the waiter.
/// </summary>
internal sealed class AsyncAutoResetEvent : IValueTaskSource
{
    private const int Idle = 0;
    private const int IsSet = 1;
    private const int IsAwaited = 2;

    private ManualResetValueTaskSourceCore<bool> source = new() { RunContinuationsAsynchronously = true };

    /// <summary>One of the three above. A number instead of a lock: every stream has one.</summary>
    private int state;

    public void Set()
    {
        do
        {
            if (Interlocked.CompareExchange(ref state, Idle, IsAwaited) == IsAwaited)
            {
                source.SetResult(true);
                return;
            }
        }
        while (Interlocked.CompareExchange(ref state, IsSet, Idle) == IsAwaited); // the wait has only just begun
    }

    /// <summary>Completes when the signal is or was set, and clears it. One waiter at a time.</summary>
    public ValueTask WaitAsync()
    {
        if (Interlocked.CompareExchange(ref state, Idle, IsSet) == IsSet)
            return ValueTask.CompletedTask;

        source.Reset();
        if (Interlocked.CompareExchange(ref state, IsAwaited, Idle) == Idle)
            return new ValueTask(this, source.Version);

        // It was set meanwhile. A fence, and no plain write: what the waiter reads next is not older than what a Set that this clears stands for.
        Interlocked.Exchange(ref state, Idle);
        return ValueTask.CompletedTask;
    }

    void IValueTaskSource.GetResult(short token) => source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        source.OnCompleted(continuation, state, token, flags);
}
