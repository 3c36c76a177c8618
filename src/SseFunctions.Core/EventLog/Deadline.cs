namespace SseFunctions.EventLog;

/// <summary>One time for an operation that makes several requests, however many they are and whatever time each of them has.</summary>
internal static class Deadline
{
    /// <param name="timeout">The time of the whole operation.</param>
    /// <param name="operation">Gets a token that fires when its time is used up, or when the caller's does.</param>
    /// <exception cref="EventLogUnavailableException">The time is used up. What was sent by then may be written all the same.</exception>
    public static async Task<T> RunAsync<T>(TimeSpan timeout, TimeProvider time, Func<CancellationToken, Task<T>> operation, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return await operation(either.Token);
        }
        catch (OperationCanceledException ex) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new EventLogUnavailableException("Table storage did not answer in time.", ex);
        }
    }
}
