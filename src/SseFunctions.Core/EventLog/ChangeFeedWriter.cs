using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace SseFunctions.EventLog;

/// <summary>
/// Writes to the change feed which topics this process has moved, after the commit and without making its publisher wait. What
/// moves while a flush is under way, or shortly after it began, shares the next. A hint that gets lost costs time, never an event.
/// </summary>
internal sealed partial class ChangeFeedWriter : IHostedService, IDisposable
{
    /// <summary>How long a row reports a change, at least: a reader whose polls come within that misses none.</summary>
    private static readonly TimeSpan MinWindow = TimeSpan.FromSeconds(5);

    /// <summary>From the start of a flush to the next.</summary>
    public static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(25);

    private static readonly TimeSpan FlushTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MinFaultDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxFaultDelay = TimeSpan.FromSeconds(2);

    /// <summary>After that readers have looked for themselves.</summary>
    private static readonly TimeSpan MaxFaultTime = TimeSpan.FromMinutes(1);

    private readonly EventTable table;
    private readonly TableEventLog log;
    private readonly TimeSpan window;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly FaultTally faults;
    private readonly CancellationTokenSource stopping = new();

    private readonly Lock gate = new();
    private readonly Dictionary<Topic, TopicChange> pending = [];
    private Task running = Task.CompletedTask;
    private bool isRunning;

    /// <summary>Of the loop alone, as all below: the changes that the row has, the newest first.</summary>
    private readonly LinkedList<Entry> entries = new();
    private readonly Dictionary<Topic, LinkedListNode<Entry>> entriesByTopic = [];
    private long sequence;
    private long since = 1;
    private long? lastFlush;

    /// <param name="pollInterval">How often readers poll.</param>
    public ChangeFeedWriter(EventTable table, TableEventLog log, TimeSpan pollInterval, TimeProvider time, ILogger<ChangeFeedWriter> logger)
    {
        (this.table, this.log, this.time, this.logger) = (table, log, time, logger);
        window = 3 * pollInterval > MinWindow ? 3 * pollInterval : MinWindow;
        faults = new FaultTally(TimeSpan.FromMinutes(1), time);
    }

    /// <summary>The key of the row that this process writes.</summary>
    public string Key { get; private set; } = NewKey();

    public Task StartAsync(CancellationToken cancellationToken)
    {
        log.Written += OnWritten;
        return Task.CompletedTask;
    }

    /// <summary>Flushes what is left; tries it once.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        log.Written -= OnWritten;
        await stopping.CancelAsync();
        Task last;
        lock (gate)
            last = running;

        await last.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        log.Written -= OnWritten;
        stopping.Cancel();
        faults.Dispose();
    }

    private static string NewKey() => RandomNumberGenerator.GetHexString(16, lowercase: true);

    private void OnWritten(Topic topic, TopicHead head, IReadOnlyList<StoredEvent> events) =>
        Add(head.IsDeleted ? new TopicChange(topic, EventId.Start, HasEnded: true) : new TopicChange(topic, head.LastId, head.Complete));

    private void Add(TopicChange change)
    {
        lock (gate)
        {
            pending[change.Topic] = change;
            if (isRunning)
                return;

            isRunning = true;
            using (ExecutionContext.SuppressFlow())
                running = Task.Run(RunAsync);
        }
    }

    /// <summary>Flushes until nothing is left.</summary>
    private async Task RunAsync()
    {
        var (failingSince, delay) = ((long?)null, MinFaultDelay);
        while (Take(isRetry: failingSince is not null))
        {
            var start = time.GetTimestamp();
            if (await TryFlushAsync())
            {
                (failingSince, delay) = (null, MinFaultDelay);
                await PauseAsync(FlushInterval - time.GetElapsedTime(start));
                continue;
            }

            failingSince ??= start;
            if (stopping.IsCancellationRequested || time.GetElapsedTime(failingSince.Value) > MaxFaultTime)
                failingSince = null;

            BeginRow(keeps: failingSince is not null);
            await PauseAsync(delay * Random.Shared.NextDouble());
            delay = 2 * delay < MaxFaultDelay ? 2 * delay : MaxFaultDelay;
        }
    }

    /// <summary>Moves what is pending into the next flush.</summary>
    /// <returns>Whether there is anything to flush; if not, the loop has ended.</returns>
    private bool Take(bool isRetry)
    {
        List<TopicChange> changes;
        lock (gate)
        {
            isRunning = pending.Count > 0 || isRetry;
            if (!isRunning)
                return false;

            changes = [.. pending.Values];
            pending.Clear();
        }

        if (lastFlush is { } last && time.GetElapsedTime(last) > ChangeFeedRow.Lifetime / 2)
            BeginRow(keeps: false);

        sequence++;
        foreach (var change in changes)
            Put(new Entry(sequence, time.GetTimestamp(), change));

        while (entries.Last is { } oldest && time.GetElapsedTime(oldest.Value.Time) > window)
        {
            since = Math.Max(since, oldest.Value.Flush + 1);
            entries.RemoveLast();
            entriesByTopic.Remove(oldest.Value.Change.Topic);
        }

        return true;
    }

    private void Put(Entry entry)
    {
        if (entriesByTopic.Remove(entry.Change.Topic, out var node))
            entries.Remove(node);

        entriesByTopic[entry.Change.Topic] = entries.AddFirst(entry);
    }

    private async Task<bool> TryFlushAsync()
    {
        try
        {
            var row = new ChangeFeedRow(Key, sequence, since, [.. entries.Select(entry => (entry.Flush, entry.Change))]);
            await table.ReplaceChangesAsync(row.ToEntity(), FlushTimeout, CancellationToken.None);
            lastFlush = time.GetTimestamp();
            return true;
        }
        catch (Exception ex)
        {
            // Whatever it is, the loop goes on: the streams of other processes hang on it.
            faults.Add(count => LogFlushFailed(ex.Message, count));
            return false;
        }
    }

    /// <summary>
    /// Begins another row: a flush without an answer may still arrive, and would undo later ones; and a row that was not flushed for
    /// long may be gone, with what readers know of it.
    /// </summary>
    /// <param name="keeps">Whether to write the same changes again.</param>
    private void BeginRow(bool keeps)
    {
        (Key, sequence, since, lastFlush) = (NewKey(), 0, 1, null);
        var kept = keeps ? entries.Reverse().ToList() : [];
        entries.Clear();
        entriesByTopic.Clear();
        foreach (var entry in kept)
            Put(entry with { Flush = 1, Time = time.GetTimestamp() });
    }

    private async Task PauseAsync(TimeSpan pause)
    {
        if (pause > TimeSpan.Zero)
            await Task.Delay(pause, time, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [LoggerMessage(EventId = 305, Level = LogLevel.Warning, Message = "The change feed could not be written: {Fault} ({Count} flushes have failed since the last such line); events of this process may reach streams of others up to a minute late")]
    private partial void LogFlushFailed(string fault, int count);

    private readonly record struct Entry(long Flush, long Time, TopicChange Change);
}
