namespace SseFunctions.Streaming;

/// <summary>
/// A read that all who ask share: one at a time, and at most one an interval, counted from when a read begins. A failure is an
/// answer like others, for half a second at most. When all who wait for a read have left, it is cancelled. Safe for concurrent use.
/// </summary>
internal sealed class SharedRead<T>(TimeSpan interval, TimeProvider time, Func<CancellationToken, Task<T>> read)
{
    private static readonly TimeSpan MaxFailureInterval = TimeSpan.FromMilliseconds(500);

    private readonly Lock gate = new();
    private Reading? last;

    /// <summary>Whether there is no answer that can still be given.</summary>
    public bool IsStale
    {
        get
        {
            lock (gate)
                return last is null || last.Answer.IsCanceled || (last.Answer.IsCompleted && time.GetElapsedTime(last.Begun) >= (last.Answer.IsCompletedSuccessfully ? interval : FailureInterval));
        }
    }

    public async Task<T> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Reading reading;
            lock (gate)
            {
                if (IsStale)
                    last = Begin();

                reading = last!;
                reading.Waiting++;
            }

            try
            {
                return await reading.Answer.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (reading.Answer.IsCanceled && !cancellationToken.IsCancellationRequested)
            {
                // All others had left before this one came: it is read anew.
            }
            finally
            {
                Leave(reading);
            }
        }
    }

    /// <summary>Gives later readers what is known without a read; who waits already gets what is being read.</summary>
    public void Set(T known)
    {
        lock (gate)
            last = new(Task.FromResult(known), time.GetTimestamp(), Stop: null);
    }

    private TimeSpan FailureInterval => interval < MaxFailureInterval ? interval : MaxFailureInterval;

    private Reading Begin()
    {
        var (stop, begun) = (new CancellationTokenSource(), time.GetTimestamp());
        Task<T> answer;
        using (ExecutionContext.SuppressFlow()) // it is not only for the first who asks
            answer = Task.Run(() => read(stop.Token), CancellationToken.None);

        _ = answer.ContinueWith(failed => failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default); // all may have left
        return new(answer, begun, stop);
    }

    private void Leave(Reading reading)
    {
        lock (gate)
        {
            if (--reading.Waiting > 0 || reading.Answer.IsCompleted)
                return;
        }

        // It stays the last one: a read that cannot be cancelled is not to have another beside it.

        _ = reading.Stop?.CancelAsync(); // what is cancelled must not run under a lock
    }

    /// <param name="Stop">Cancels it; null for what is known without a read.</param>
    private sealed record Reading(Task<T> Answer, long Begun, CancellationTokenSource? Stop)
    {
        /// <summary>How many wait for the answer.</summary>
        public int Waiting { get; set; }
    }
}
