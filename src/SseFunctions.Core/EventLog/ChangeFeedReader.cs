using Microsoft.Extensions.Logging;

namespace SseFunctions.EventLog;

/// <summary>Polls the change feed: one request for whatever other processes have written, however many topics that are.</summary>
/// <param name="ownPages">What the names of this process's own pages begin with, which it need not read.</param>
/// <param name="interval">From the start of a poll to the next, when storage keeps up.</param>
internal sealed partial class ChangeFeedReader(EventTable table, string ownPages, TimeSpan interval, TimeProvider time, ILogger<ChangeFeedReader> logger) : IDisposable
{
    /// <summary>Every so many polls one does not trust the timestamps, which a step of the service's clock may have put in disorder.</summary>
    public const int PollsToFullPoll = 50;

    /// <summary>What a poll asks for again: rows may become visible in another order than that of their timestamps.</summary>
    public static readonly TimeSpan Overlap = TimeSpan.FromSeconds(0.5);

    /// <summary>By how much the service's clock may go back.</summary>
    public static readonly TimeSpan MaxClockStep = TimeSpan.FromSeconds(5);

    /// <summary>What the interval grows to while polls fail.</summary>
    public static readonly TimeSpan MaxFaultInterval = TimeSpan.FromSeconds(2);

    /// <summary>By how much at most a pause is longer or shorter than the interval, as a share of it.</summary>
    public const double Spread = 0.1;

    /// <summary>How long the table may take to answer a poll.</summary>
    public static readonly TimeSpan PollTimeout = TimeSpan.FromSeconds(2);

    /// <summary>What an answer's date may be ahead of the timestamps of rows: another machine of the service says it.</summary>
    private static readonly TimeSpan MaxDateError = TimeSpan.FromSeconds(1);

    /// <summary>After that long without an answer the heads tell what is new, in fewer bytes than the change feed.</summary>
    private readonly TimeSpan maxSilence = 3 * interval > TimeSpan.FromSeconds(30) ? 3 * interval : TimeSpan.FromSeconds(30);

    private readonly FaultTally faults = new(FaultTally.UsualInterval, time);

    /// <summary>Polls until it is stopped.</summary>
    /// <param name="onChange">Takes each change once, or several times; an older one may come after a newer.</param>
    /// <param name="onGap">Called when changes may have been missed.</param>
    public async Task RunAsync(Action<TopicChange> onChange, Action onGap, CancellationToken stop)
    {
        var run = new Run(time.GetTimestamp(), hasGap: false);
        var pace = new RequestPace(interval, MaxFaultInterval);
        while (!stop.IsCancellationRequested)
        {
            var start = time.GetTimestamp();
            try
            {
                if (time.GetElapsedTime(run.Answered, start) > maxSilence)
                    run = new Run(start, hasGap: true);

                await PollAsync(run, onChange, onGap, stop);
                pace.Answered();
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception ex)
            {
                // Whatever it is, the polling goes on: streams hang on it.
                pace.Failed();
                faults.Add(count => LogPollFailed(ex.Message, count));
            }

            // A little more or less, so that processes that started together do not poll together for ever.
            var pause = (pace.Interval * (1 - Spread + (2 * Spread * Random.Shared.NextDouble()))) - time.GetElapsedTime(start);
            await Task.Delay(pause > pace.Interval / 2 ? pause : pace.Interval / 2, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose() => faults.Dispose();

    private async Task PollAsync(Run run, Action<TopicChange> onChange, Action onGap, CancellationToken stop)
    {
        var start = time.GetTimestamp();
        var isFull = run.Polls++ % PollsToFullPoll == 0;
        var after = (isFull ? run.FullyReadTo - MaxClockStep : run.ReadTo) - Overlap;
        var (rows, date) = await table.ReadChangesAsync(ChangeFeedRow.WrittenAfter(after ?? DateTimeOffset.MaxValue), PollTimeout, stop);

        // Until the service has told its time nothing has been asked for: what it had when the run began is not too late.
        var readTo = after is null ? date - time.GetElapsedTime(run.Answered) : date;
        run.Answered = start;
        if (readTo is null)
            return; // the table is not there yet, and no hints are

        run.ReadTo = readTo - MaxDateError;
        foreach (var row in rows)
        {
            run.ReadTo = row.Timestamp > run.ReadTo ? row.Timestamp : run.ReadTo;
            foreach (var (name, lines) in ChangeFeedRow.Pages(row).Where(page => !page.Name.StartsWith(ownPages, StringComparison.Ordinal)))
                Take(run, (row.RowKey, name), lines, onChange);
        }

        if (isFull)
            run.EndFullPoll(rows.Select(row => row.RowKey).ToHashSet());

        if (run.HasGap)
            onGap();

        run.HasGap = false;
    }

    private static void Take(Run run, (string RowKey, string Name) page, string lines, Action<TopicChange> onChange)
    {
        var handled = run.Handled.GetValueOrDefault(page);
        foreach (var line in lines.AsSpan().EnumerateLines())
        {
            if (!ChangeFeedRow.TryParse(line, out var flush, out var change) || flush <= handled)
                return; // the newest come first

            run.Handled[page] = Math.Max(flush, run.Handled.GetValueOrDefault(page));
            onChange(change);
        }
    }

    [LoggerMessage(EventId = 306, Level = LogLevel.Warning, Message = "The change feed could not be read: {Fault} ({Count} polls have failed since the last such line); events of other processes come late meanwhile")]
    private partial void LogPollFailed(string fault, int count);

    /// <summary>What the reader knows since it began.</summary>
    private sealed class Run(long start, bool hasGap)
    {
        /// <summary>When the last poll began that was answered; at first when the run did.</summary>
        public long Answered { get; set; } = start;

        /// <summary>Whether changes from before the run may have been missed.</summary>
        public bool HasGap { get; set; } = hasGap;

        public int Polls { get; set; }

        /// <summary>The table's time up to which everything was read; null until the table has told its time.</summary>
        public DateTimeOffset? ReadTo { get; set; }

        /// <summary>The same as the last full poll left it.</summary>
        public DateTimeOffset? FullyReadTo { get; private set; }

        /// <summary>The last flush that was seen of each page.</summary>
        public Dictionary<(string RowKey, string Name), long> Handled { get; } = [];

        /// <summary>Forgets the pages that no poll will bring any more.</summary>
        public void EndFullPoll(HashSet<string> rowKeys)
        {
            FullyReadTo = ReadTo;
            foreach (var page in Handled.Keys.Where(page => !rowKeys.Contains(page.RowKey)).ToList())
                Handled.Remove(page);
        }
    }
}
