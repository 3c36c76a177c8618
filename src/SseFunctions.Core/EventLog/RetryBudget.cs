namespace SseFunctions.EventLog;

/// <summary>The tries of one write: delays with full jitter that grow, until the time is used up.</summary>
/// <remarks>Full jitter, because writers that met once would otherwise meet again: aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter.</remarks>
internal sealed class RetryBudget(TimeSpan timeout, TimeProvider time)
{
    /// <summary>The time of a whole write, its tries and what waits before it included.</summary>
    public static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(20);

    /// <summary>A conflict is over when the other writer's transaction is: a few milliseconds.</summary>
    private static readonly TimeSpan MinConflictDelay = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// A few transactions: a writer that waited longer would be overtaken again and again by writers that have just begun.
    /// </summary>
    private static readonly TimeSpan MaxConflictDelay = TimeSpan.FromMilliseconds(80);

    private static readonly TimeSpan MinFaultDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxFaultDelay = TimeSpan.FromSeconds(1);

    private readonly long start = time.GetTimestamp();
    private int failedTries;

    /// <summary>How long the write is tried, from when it came.</summary>
    public TimeSpan Timeout => timeout;

    /// <summary>How much of the time is left.</summary>
    public TimeSpan Left => timeout - time.GetElapsedTime(start) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <summary>Waits before the next try.</summary>
    /// <exception cref="EventLogUnavailableException">Trying again cannot help, or the time is used up.</exception>
    public Task DelayOrThrowAsync(EventLogUnavailableException ex, CancellationToken cancellationToken)
    {
        if (ex.Fault is not { IsPassing: true } fault || Left == TimeSpan.Zero)
            throw ex;

        var (min, max) = fault.IsConflict ? (MinConflictDelay, MaxConflictDelay) : (MinFaultDelay, MaxFaultDelay);
        var bound = Math.Min(min.TotalMilliseconds * Math.Pow(2, Math.Min(failedTries++, 10)), max.TotalMilliseconds);
        return Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.NextDouble() * Math.Min(bound, Left.TotalMilliseconds)), time, cancellationToken);
    }

    /// <summary>Repeats a request that may safely be repeated until it succeeds or the time is used up.</summary>
    /// <param name="request">Is given the time that is left.</param>
    public async Task<T> RunAsync<T>(Func<TimeSpan, Task<T>> request, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await request(Left);
            }
            catch (EventLogUnavailableException ex)
            {
                await DelayOrThrowAsync(ex, cancellationToken);
            }
        }
    }
}
