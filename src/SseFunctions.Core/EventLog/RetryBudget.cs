namespace SseFunctions.EventLog;

/// <summary>The tries of one write: pauses with full jitter that grow, until the time is used up.</summary>
/// <remarks>Full jitter, because writers that met once would otherwise meet again: aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter.</remarks>
internal sealed class RetryBudget(TimeSpan patience, TimeProvider time)
{
    /// <summary>A conflict is over when the other writer's transaction is: a few milliseconds.</summary>
    private static readonly TimeSpan FirstConflictPause = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// A few transactions: who waited for longer would be overtaken again and again by writers that have just begun.
    /// </summary>
    private static readonly TimeSpan MaxConflictPause = TimeSpan.FromMilliseconds(80);

    private static readonly TimeSpan FirstFaultPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxFaultPause = TimeSpan.FromSeconds(1);

    private readonly long start = time.GetTimestamp();
    private int failedTries;

    /// <summary>How much of the time is left.</summary>
    public TimeSpan Left => patience - time.GetElapsedTime(start) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <summary>Waits before the next try.</summary>
    /// <exception cref="EventLogUnavailableException">Trying again cannot help, or the time is used up.</exception>
    public Task PauseAsync(Exception fault, CancellationToken cancellationToken)
    {
        if (!StorageFault.IsPassing(fault) || Left == TimeSpan.Zero)
            throw StorageFault.Unavailable(fault);

        var (first, longest) = StorageFault.IsConflict(fault) ? (FirstConflictPause, MaxConflictPause) : (FirstFaultPause, MaxFaultPause);
        var bound = Math.Min(first.TotalMilliseconds * Math.Pow(2, Math.Min(failedTries++, 10)), longest.TotalMilliseconds);
        return Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.NextDouble() * bound), time, cancellationToken);
    }

    /// <summary>Repeats a request that may safely be repeated until it succeeds or the time is used up.</summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> request, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await request();
            }
            catch (EventLogUnavailableException unavailable)
            {
                await PauseAsync(unavailable.InnerException ?? unavailable, cancellationToken);
            }
            catch (Exception fault) when (StorageFault.IsStorage(fault, cancellationToken))
            {
                await PauseAsync(fault, cancellationToken);
            }
        }
    }
}
