namespace SseFunctions.Streaming;

/// <summary>
/// Reads a topic's head for its feed: at once where a hint or a reader asks for it, and now and then without, for news that no
/// hint announced. Where it finds such news, a writer without the change feed is at work, and the head is polled for a while.
/// </summary>
/// <param name="readHeadAsync">Reads the head and takes it into the view.</param>
/// <param name="view">What the feed knows.</param>
/// <param name="onFailed">Takes the fault of a read that failed.</param>
/// <param name="interval">The minimum time between the starts of two reads: clients cost the table nothing.</param>
internal sealed class HeadPoll(Func<Task> readHeadAsync, Func<TopicView> view, Action<Exception> onFailed, TimeSpan interval, TimeProvider time)
{
    /// <summary>The time between two looks at a topic that nobody asks for.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromMinutes(1);

    /// <summary>How long news that a look finds may wait for its hint.</summary>
    public static readonly TimeSpan HintGrace = TimeSpan.FromSeconds(2);

    /// <summary>How long a topic is polled after news without a hint.</summary>
    public static readonly TimeSpan PolledTime = TimeSpan.FromMinutes(10);

    /// <summary>Over which time all feeds look that may have missed a hint.</summary>
    public static readonly TimeSpan GapSpread = TimeSpan.FromSeconds(2);

    /// <summary>The time between two polls of a topic with news, or while the head cannot be read; what it grows to, and by how much each time.</summary>
    private static readonly TimeSpan BusyInterval = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan QuietInterval = TimeSpan.FromSeconds(2);
    private const double QuietGrowth = 1.5;

    private readonly AsyncAutoResetEvent signal = new();
    private readonly TaskCompletionSource firstAnswer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long origin = time.GetTimestamp();

    private TimeSpan started;
    private TimeSpan rhythm = BusyInterval;

    /// <summary>When the next look is due that nobody asks for; the first one at random, so that feeds look evenly.</summary>
    private TimeSpan look = Random.Shared.NextDouble() * LookInterval;

    /// <summary>When a look is due for a gap in the change feed, in ticks; written by others.</summary>
    private long gapLook = long.MaxValue;

    /// <summary>News without a hint so far, and until when its hint may come.</summary>
    private (EventLog.EventId Last, TimeSpan Until)? suspect;
    private TimeSpan polledUntil;

    /// <summary>Completes when the table has answered, or failed to, for the first time.</summary>
    public Task FirstAnswer => firstAnswer.Task;

    private TimeSpan Now => time.GetElapsedTime(origin);

    /// <summary>Says that the view asks for a read, or that the polling is to stop.</summary>
    public void Signal() => signal.Set();

    /// <summary>Has the head read within <see cref="GapSpread"/>.</summary>
    public void LookSoon()
    {
        var due = Now + (Random.Shared.NextDouble() * GapSpread);
        if (Interlocked.CompareExchange(ref gapLook, due.Ticks, long.MaxValue) == long.MaxValue)
            signal.Set();
    }

    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = time.CreateTimer(_ => signal.Set(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        while (!stop.IsCancellationRequested)
        {
            var before = view().Head?.LastId;
            started = Now;
            Volatile.Write(ref gapLook, long.MaxValue);
            if (look <= started)
                look = started + LookInterval;

            await PollAsync();
            rhythm = view().Head?.LastId != before ? BusyInterval : Longer(rhythm);
            while (Due() - Now is var due && due > TimeSpan.Zero && !stop.IsCancellationRequested)
            {
                timer.Change(due, Timeout.InfiniteTimeSpan);
                await signal.WaitAsync();
            }
        }
    }

    public static TimeSpan Longer(TimeSpan interval) =>
        interval >= QuietInterval ? interval : TimeSpan.FromTicks(Math.Min((long)(interval.Ticks * QuietGrowth), QuietInterval.Ticks));

    /// <summary>When the head is to be read again, or this to be asked again.</summary>
    private TimeSpan Due()
    {
        var known = view();
        Judge(known);
        var due = look;
        if (known.IsAwaited || (known.IsHeadDue && !known.IsFailing))
            due = started + interval;
        else if (known.IsFailing || Now < polledUntil)
            due = started + (rhythm > interval ? rhythm : interval);

        var (gap, grace) = (TimeSpan.FromTicks(Volatile.Read(ref gapLook)), suspect is { } news && news.Until > Now ? news.Until : TimeSpan.MaxValue);
        var earliest = gap < grace ? gap : grace;
        return due < earliest ? due : earliest;
    }

    /// <summary>
    /// News whose hint has not come in time begins the polling, or prolongs it. Newer news do not give their predecessor's hint
    /// more time: on a busy topic there are some with each poll.
    /// </summary>
    private void Judge(TopicView known)
    {
        if (known.Unannounced is not { } newest)
        {
            suspect = null;
        }
        else if (suspect is not { } news || (news.Last != newest && (known.IsAnnounced(news.Last) || news.Until + PolledTime <= polledUntil)))
        {
            suspect = (newest, Now + HintGrace);
        }
        else if (Now >= news.Until && news.Until + PolledTime > polledUntil)
        {
            polledUntil = news.Until + PolledTime;
            rhythm = BusyInterval;
        }
    }

    private async Task PollAsync()
    {
        try
        {
            await readHeadAsync();
        }
        catch (Exception ex)
        {
            // Whatever it is, the polling goes on: streams hang on it.
            onFailed(ex);
        }
        finally
        {
            firstAnswer.TrySetResult();
        }
    }
}
