using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace SseFunctions.EventLog;

/// <summary>
/// Writes to the change feed which topics this process has moved, after the commit and without making its publisher wait. What
/// moves while a flush is under way, or shortly after it began, shares the next. A hint that gets lost costs time, never an event.
/// </summary>
internal sealed partial class ChangeFeedWriter : IHostedService, IDisposable, IAsyncDisposable
{
    /// <summary>From the start of a flush to the next, when storage keeps up.</summary>
    public static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(25);

    /// <summary>What the interval grows to while flushes fail.</summary>
    public static readonly TimeSpan MaxFaultInterval = TimeSpan.FromSeconds(2);

    /// <summary>How long the table may take to answer a flush.</summary>
    public static readonly TimeSpan FlushTimeout = TimeSpan.FromSeconds(2);

    /// <summary>How long a stop may take: two flushes without an answer.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    /// <summary>After that readers have looked for themselves.</summary>
    private static readonly TimeSpan MaxFaultTime = TimeSpan.FromMinutes(1);

    /// <summary>Up to which the clock of this process is taken to be the table's, whose answers say it in whole seconds.</summary>
    private static readonly TimeSpan MaxClockError = TimeSpan.FromSeconds(3);

    /// <summary>Rows of a slice that may be full: a row has 252 properties and 1 MiB (learn.microsoft.com/azure/storage/tables/scalability-targets).</summary>
    private const int MaxRows = 16;

    /// <summary>Flushes after which the first row of a slice is tried again: readers read all rows.</summary>
    private const int FlushesToFirstRow = 1000;

    private readonly EventTable table;
    private readonly TableEventLog log;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly FaultTally faults;
    private readonly CancellationTokenSource stopping = new();

    private readonly Lock gate = new();
    private readonly Dictionary<Topic, TopicChange> pending = [];
    private Task running = Task.CompletedTask;
    private bool isRunning;

    /// <summary>Of the loop alone, as all below.</summary>
    private readonly RequestPace pace = new(FlushInterval, MaxFaultInterval);
    private ChangeFeedPage? page;
    private long pages;
    private long flushes;
    private int row;

    /// <summary>The table's clock less this process's, where they differ by more than <see cref="MaxClockError"/>.</summary>
    private TimeSpan clockError;

    public ChangeFeedWriter(EventTable table, TableEventLog log, TimeProvider time, ILogger<ChangeFeedWriter> logger)
    {
        (this.table, this.log, this.time, this.logger) = (table, log, time, logger);
        faults = new FaultTally(FaultTally.UsualInterval, time);
    }

    /// <summary>What the names of this process's pages begin with.</summary>
    public string Pages { get; } = ChangeFeedRow.PagesOf(RandomNumberGenerator.GetHexString(10, lowercase: true));

    public Task StartAsync(CancellationToken cancellationToken)
    {
        log.Written += OnWritten;
        return Task.CompletedTask;
    }

    /// <summary>
    /// Flushes what is left. What comes until <see cref="DisposeAsync"/> is flushed as well, at once and tried once: runs that the host
    /// stops say so in their topics, and may do it after this.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        await Running().WaitAsync(StopTimeout, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Waits for the last flush, for as long as a flush may take.</summary>
    public async ValueTask DisposeAsync()
    {
        log.Written -= OnWritten;
        await stopping.CancelAsync();
        await Running().WaitAsync(FlushTimeout, TimeProvider.System).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Dispose();
    }

    public void Dispose()
    {
        log.Written -= OnWritten;
        stopping.Cancel();
        faults.Dispose();
    }

    private Task Running()
    {
        lock (gate)
            return running;
    }

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
        long? failingSince = null;
        while (Take(isRetry: failingSince is not null))
        {
            var start = time.GetTimestamp();
            var outcome = await TryFlushAsync();
            if (outcome == FlushOutcome.Written)
            {
                failingSince = null;
                await PauseAsync(pace.Interval - time.GetElapsedTime(start));
                continue;
            }

            failingSince ??= start;
            if (outcome == FlushOutcome.Failed && (stopping.IsCancellationRequested || time.GetElapsedTime(failingSince.Value) > MaxFaultTime))
                (failingSince, page) = (null, null);

            await PauseAsync(pace.Interval * Random.Shared.NextDouble());
        }
    }

    /// <summary>Moves what is pending into the next flush, as much as fits its page.</summary>
    /// <param name="isRetry">Whether the last flush failed: its page is flushed again, under another name, since the lost request may still arrive and would undo a later one.</param>
    /// <returns>Whether there is anything to flush; if not, the loop has ended.</returns>
    private bool Take(bool isRetry)
    {
        lock (gate)
        {
            isRunning = pending.Count > 0 || isRetry;
            if (!isRunning)
                return false;

            row = ++flushes % FlushesToFirstRow == 0 ? 0 : row;
            var key = ChangeFeedRow.Key(time.GetUtcNow() + clockError, row);
            if (isRetry)
                (page!.RowKey, page.Name) = (key, NextName());
            else if (page?.RowKey != key || page.IsFull)
                page = new ChangeFeedPage { RowKey = key, Name = NextName() };

            page.BeginFlush();
            foreach (var change in pending.Values)
            {
                if (page.IsFull)
                    break;

                page.Put(change);
                pending.Remove(change.Topic);
            }

            return true;
        }
    }

    private string NextName() => string.Create(CultureInfo.InvariantCulture, $"{Pages}{++pages}");

    private async Task<FlushOutcome> TryFlushAsync()
    {
        try
        {
            var date = await table.MergeChangesAsync(page!.ToEntity(), FlushTimeout, CancellationToken.None);
            pace.Answered();
            return IsInTime(date) ? FlushOutcome.Written : FlushOutcome.WrongRow;
        }
        catch (EventLogUnavailableException ex) when (ex.Fault is { IsContentRefused: true } && row < MaxRows)
        {
            row++; // this one is full
            return FlushOutcome.WrongRow;
        }
        catch (Exception ex)
        {
            // Whatever it is, the loop goes on: the streams of other processes hang on it.
            pace.Failed();
            faults.Add(count => LogFlushFailed(ex.Message, count));
            return FlushOutcome.Failed;
        }
    }

    /// <returns>False when the page is in a row that readers may not ask for, by the clock that the table has answered.</returns>
    private bool IsInTime(DateTimeOffset? date)
    {
        var error = date - time.GetUtcNow() - clockError ?? TimeSpan.Zero;
        if (error.Duration() <= MaxClockError)
            return true;

        clockError += error;
        return false;
    }

    private async Task PauseAsync(TimeSpan pause)
    {
        if (pause > TimeSpan.Zero)
            await Task.Delay(pause, time, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [LoggerMessage(EventId = 305, Level = LogLevel.Warning, Message = "The change feed could not be written: {Fault} ({Count} flushes have failed since the last such line); events of this process may reach streams of others up to a minute late")]
    private partial void LogFlushFailed(string fault, int count);
}
