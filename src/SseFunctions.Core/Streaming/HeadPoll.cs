namespace SseFunctions.Streaming;

/// <summary>
/// Polls a topic's head for its feed: at the interval while there is news, less and less often while the topic is quiet.
/// </summary>
/// <param name="readHeadAsync">A poll; returns whether there was news.</param>
/// <param name="isAwaited">Whether a reader waits for the next poll's answer, which brings it nearer, but not under the interval.</param>
/// <param name="onFailed">Takes the fault of a poll that failed.</param>
/// <param name="interval">The minimum time between the starts of two polls (Stream__PollInterval): clients cost the table nothing.</param>
/// <param name="time">The clock.</param>
internal sealed class HeadPoll(Func<Task<bool>> readHeadAsync, Func<bool> isAwaited, Action<Exception> onFailed, TimeSpan interval, TimeProvider time)
{
    /// <summary>What the time between polls of a quiet topic grows to, and by how much each time.</summary>
    private static readonly TimeSpan QuietInterval = TimeSpan.FromSeconds(2);
    private const double QuietGrowth = 1.5;

    private readonly AsyncAutoResetEvent signal = new();
    private readonly TaskCompletionSource firstAnswer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the table has answered, or failed to, for the first time.</summary>
    public Task FirstAnswer => firstAnswer.Task;

    public static TimeSpan Longer(TimeSpan interval) =>
        interval >= QuietInterval ? interval : TimeSpan.FromTicks(Math.Min((long)(interval.Ticks * QuietGrowth), QuietInterval.Ticks));

    /// <summary>Says that a reader waits for the next poll's answer, or that the polling is to stop.</summary>
    public void Signal() => signal.Set();

    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = time.CreateTimer(_ => signal.Set(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var quiet = interval;
        while (!stop.IsCancellationRequested)
        {
            var started = time.GetTimestamp();
            quiet = await PollAsync() ? interval : Longer(quiet);
            while (Due() is var due && due > TimeSpan.Zero && !stop.IsCancellationRequested)
            {
                timer.Change(due, Timeout.InfiniteTimeSpan);
                await signal.WaitAsync();
            }

            TimeSpan Due() => (isAwaited() ? interval : quiet) - time.GetElapsedTime(started);
        }
    }

    private async Task<bool> PollAsync()
    {
        try
        {
            return await readHeadAsync();
        }
        catch (Exception ex)
        {
            // Whatever it is, the polling goes on: streams hang on it.
            onFailed(ex);
            return false;
        }
        finally
        {
            firstAnswer.TrySetResult();
        }
    }
}
