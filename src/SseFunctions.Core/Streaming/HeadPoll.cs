namespace SseFunctions.Streaming;

/// <summary>
/// The rhythm in which a feed polls its topic's head: at the interval while there is news, less and less often while the
/// topic is quiet.
/// </summary>
/// <param name="interval">The least time between the starts of two polls (Stream__PollInterval): clients cost the table nothing.</param>
/// <param name="time">The clock.</param>
internal sealed class HeadPoll(TimeSpan interval, TimeProvider time)
{
    /// <summary>What the time between polls of a quiet topic grows to, and by how much each time.</summary>
    private static readonly TimeSpan QuietInterval = TimeSpan.FromSeconds(2);
    private const double QuietGrowth = 1.5;

    private readonly AsyncAutoResetEvent hurry = new();

    /// <summary>Looks again whether somebody waits, or whether to stop.</summary>
    public void Hurry() => hurry.Set();

    /// <param name="pollAsync">A poll, which tells whether there was news.</param>
    /// <param name="isAwaited">Whether a reader waits for the next poll's answer, which brings it nearer, but not under the interval.</param>
    /// <param name="stop">The feed's end, after which <see cref="Hurry"/> is called.</param>
    public async Task RunAsync(Func<Task<bool>> pollAsync, Func<bool> isAwaited, CancellationToken stop)
    {
        using var timer = time.CreateTimer(_ => hurry.Set(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var quiet = interval;
        while (!stop.IsCancellationRequested)
        {
            var started = time.GetTimestamp();
            quiet = await pollAsync() ? interval : Longer(quiet);
            while (Due() is var due && due > TimeSpan.Zero && !stop.IsCancellationRequested)
            {
                timer.Change(due, Timeout.InfiniteTimeSpan);
                await hurry.WaitAsync();
            }

            TimeSpan Due() => (isAwaited() ? interval : quiet) - time.GetElapsedTime(started);
        }
    }

    public static TimeSpan Longer(TimeSpan interval) =>
        interval >= QuietInterval ? interval : TimeSpan.FromTicks(Math.Min((long)(interval.Ticks * QuietGrowth), QuietInterval.Ticks));
}
