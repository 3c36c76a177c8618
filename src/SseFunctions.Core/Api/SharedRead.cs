namespace SseFunctions.Api;

/// <summary>
/// A read that all who ask share: one at a time, and at most one an interval, counted from when a read begins. A failure is an
/// answer like others. Safe for concurrent use.
/// </summary>
internal sealed class SharedRead<T>(TimeSpan interval, TimeProvider time, Func<Task<T>> read)
{
    private readonly Lock gate = new();
    private Task<T>? answer;
    private long begun;

    /// <summary>Whether there is no answer that can still be given.</summary>
    public bool IsStale
    {
        get
        {
            lock (gate)
                return answer is null || (answer.IsCompleted && time.GetElapsedTime(begun) >= interval);
        }
    }

    public Task<T> ReadAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (IsStale)
            {
                (begun, answer) = (time.GetTimestamp(), Task.Run(read, CancellationToken.None)); // not in the context of the first who asks
                _ = answer.ContinueWith(failed => failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default); // all may have left
            }

            return answer!.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Gives later readers what is known without a read; who waits already gets what is being read.</summary>
    public void Set(T known)
    {
        lock (gate)
            (begun, answer) = (time.GetTimestamp(), Task.FromResult(known));
    }
}
