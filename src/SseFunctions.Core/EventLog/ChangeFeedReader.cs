using Microsoft.Extensions.Logging;

namespace SseFunctions.EventLog;

/// <summary>Polls the change feed: one request for whatever other processes have written, however many topics that are.</summary>
/// <param name="ownKey">The key of this process's own row, which it need not read.</param>
/// <param name="interval">From the start of a poll to the next, when storage keeps up.</param>
internal sealed partial class ChangeFeedReader(EventTable table, Func<string> ownKey, TimeSpan interval, TimeProvider time, ILogger<ChangeFeedReader> logger) : IDisposable
{
    /// <summary>Every so many polls one does not trust the timestamps, which a step of the service's clock may have put in disorder.</summary>
    public const int PollsToFullPoll = 50;

    /// <summary>What a poll asks for again: the answer's date is in whole seconds, and rows may become visible late.</summary>
    public static readonly TimeSpan Overlap = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan PollTimeout = TimeSpan.FromSeconds(2);

    /// <summary>What the interval grows to while polls fail.</summary>
    public static readonly TimeSpan MaxFaultInterval = TimeSpan.FromSeconds(2);

    /// <summary>By how much it shrinks with each poll that succeeds: from 2 s to 100 ms within a minute.</summary>
    public const double Recovery = 0.95;

    /// <summary>How long writers' rows report a change for certain, less what polls and clocks may be late.</summary>
    private static readonly TimeSpan SafeStart = TimeSpan.FromSeconds(4);

    /// <summary>By how much at most a pause is longer or shorter than the interval, as a share of it.</summary>
    public const double Spread = 0.1;

    private readonly FaultTally faults = new(TimeSpan.FromMinutes(1), time);

    /// <summary>Polls until it is stopped.</summary>
    /// <param name="onChange">Takes each change once, or several times; an older one may come after a newer.</param>
    /// <param name="onGap">Called when changes may have been missed.</param>
    public async Task RunAsync(Action<TopicChange> onChange, Action onGap, CancellationToken stop)
    {
        var run = new Run(time.GetTimestamp());
        var pace = interval;
        while (!stop.IsCancellationRequested)
        {
            var start = time.GetTimestamp();
            try
            {
                await PollAsync(run, onChange, onGap, stop);
                pace = Longer(interval, pace * Recovery);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception ex)
            {
                // Whatever it is, the polling goes on: streams hang on it.
                pace = Longer(interval, 2 * pace < MaxFaultInterval ? 2 * pace : MaxFaultInterval);
                faults.Add(count => LogPollFailed(ex.Message, count));
            }

            // A little more or less, so that processes that started together do not poll together for ever.
            var pause = (pace * (1 - Spread + (2 * Spread * Random.Shared.NextDouble()))) - time.GetElapsedTime(start);
            await Task.Delay(Longer(pause, pace / 2), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose() => faults.Dispose();

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private async Task PollAsync(Run run, Action<TopicChange> onChange, Action onGap, CancellationToken stop)
    {
        var start = time.GetTimestamp();
        var isFull = run.Polls % PollsToFullPoll == 0;
        var after = run.Date - (isFull ? ChangeFeedRow.Lifetime : Overlap);
        var (rows, date) = await table.ReadChangesAsync(ChangeFeedRow.Others(ownKey(), after), PollTimeout, stop);
        var isFirst = run.Polls++ == 0;
        run.Date = date ?? run.Date;
        var hasGap = isFirst && time.GetElapsedTime(run.Start, start) > SafeStart;
        foreach (var entity in rows)
        {
            if (ChangeFeedRow.TryParse(entity, out var row))
                hasGap |= Take(row, run, onChange) && !isFirst;
        }

        if (isFull)
            run.Forget(rows.Select(row => row.RowKey).ToHashSet());

        if (hasGap)
            onGap();
    }

    /// <returns>Whether the row has lost changes that this reader has not seen.</returns>
    private static bool Take(ChangeFeedRow row, Run run, Action<TopicChange> onChange)
    {
        var handled = run.Handled.GetValueOrDefault(row.Writer);
        if (row.Sequence <= handled)
            return false;

        run.Handled[row.Writer] = row.Sequence;
        foreach (var (_, change) in row.Changes.TakeWhile(change => change.Flush > handled))
            onChange(change);

        return handled < row.Since - 1;
    }

    [LoggerMessage(EventId = 306, Level = LogLevel.Warning, Message = "The change feed could not be read: {Fault} ({Count} polls have failed since the last such line); events of other processes come late meanwhile")]
    private partial void LogPollFailed(string fault, int count);

    /// <summary>What the reader knows since it began.</summary>
    private sealed class Run(long start)
    {
        public long Start => start;

        /// <summary>Polls that were answered.</summary>
        public int Polls { get; set; }

        /// <summary>The storage service's time at the last of them.</summary>
        public DateTimeOffset? Date { get; set; }

        /// <summary>The last flush of each writer that was seen.</summary>
        public Dictionary<string, long> Handled { get; } = [];

        /// <summary>Forgets the writers that have no row any more: they do not come back under that key.</summary>
        public void Forget(HashSet<string> except)
        {
            foreach (var writer in Handled.Keys.Where(writer => !except.Contains(writer)).ToList())
                Handled.Remove(writer);
        }
    }
}
