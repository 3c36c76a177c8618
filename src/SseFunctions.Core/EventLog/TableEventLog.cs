using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace SseFunctions.EventLog;

/// <summary>
/// The ordered log of every topic, in one table. Commit order is id order: an append is one entity group transaction
/// that holds the events and, conditional on its ETag, the topic's head.
/// </summary>
internal sealed partial class TableEventLog
{
    /// <summary>Maximum rows that one request brings.</summary>
    public const int PageRows = EventTable.PageRows;

    private readonly EventTable table;
    private readonly ILogger logger;
    private readonly TopicWriterPool writers;
    private readonly TopicDirectory topics;
    private readonly TopicTrimmer trimmer;
    private readonly SinceSearch times;

    public TableEventLog(EventTable table, LogTelemetry telemetry, TimeProvider time, ILogger<TableEventLog>? logger = null)
    {
        (this.table, this.logger) = (table, logger ?? NullLogger<TableEventLog>.Instance);
        topics = new TopicDirectory(table, time);
        trimmer = new TopicTrimmer(table, time);
        times = new SinceSearch(table);
        writers = new TopicWriterPool(topic => new TopicWriter(topic, table, RaiseWritten, telemetry, time));
    }

    /// <summary>Raised after each transaction of this process, in the topic's order, with the head it made and the events it added, if any.</summary>
    public event Action<Topic, TopicHead, IReadOnlyList<StoredEvent>>? Written;

    /// <summary>Reads the head; null while nothing was ever written to the topic.</summary>
    /// <exception cref="EventLogUnavailableException">The table could not be read.</exception>
    public Task<TopicHead?> ReadHeadAsync(Topic topic, CancellationToken cancellationToken) =>
        table.ReadHeadAsync(topic, EventTable.ReadTimeout, cancellationToken);

    /// <summary>
    /// Reads the events of one epoch with sequences from <paramref name="first"/> to <paramref name="last"/>.
    /// What retention has removed is missing, never from the middle.
    /// </summary>
    /// <remarks>One request for up to <see cref="PageRows"/> of them.</remarks>
    /// <exception cref="EventLogUnavailableException">The table could not be read.</exception>
    public async Task<IReadOnlyList<StoredEvent>> ReadAsync(Topic topic, string epoch, long first, long last, CancellationToken cancellationToken)
    {
        var events = new List<StoredEvent>();
        await foreach (var row in table.QueryAsync(LogRows.EventRange(topic, first, last), null, cancellationToken))
        {
            if (!LogRows.BelongsToEpoch(row, epoch))
                return [];

            var next = LogRows.ToEvent(row);
            // Retention removed rows between two pages of this query: all before them is gone as well.
            if (events.Count > 0 && next.Sequence != events[^1].Sequence + 1)
                events.Clear();

            events.Add(next);
        }

        return events;
    }

    /// <inheritdoc cref="SinceSearch.FindAsync"/>
    public Task<EventId> FindAsync(Topic topic, Since since, CancellationToken cancellationToken) => times.FindAsync(topic, since, cancellationToken);

    /// <summary>
    /// Appends all events or none, once, whatever the table's answers; their ids are consecutive. Appends that come while
    /// another is being written share a transaction, in the order in which they came.
    /// </summary>
    /// <param name="topic">The topic; its log begins with its first append.</param>
    /// <param name="events">1 to <see cref="AppendLimits.MaxEvents"/> events.</param>
    /// <param name="idempotencyKey">A second append of the same events with the same key answers with the first one's ids; of other events, it is refused.</param>
    /// <param name="cancellationToken">Ends the waiting; the events may have been written by then.</param>
    /// <exception cref="InvalidInputException">An event or their sum is over its limit.</exception>
    /// <exception cref="EventLogBusyException">Too many appends to the topic wait already; nothing was written.</exception>
    /// <exception cref="EventLogUnavailableException">The table could not be written within 20 s.</exception>
    public Task<AppendResult> AppendAsync(Topic topic, IReadOnlyList<NewEvent> events, string? idempotencyKey, CancellationToken cancellationToken) =>
        AppendAsync(topic, new Append(events) { IdempotencyKey = idempotencyKey }, cancellationToken);

    /// <inheritdoc cref="AppendAsync(Topic, IReadOnlyList{NewEvent}, string?, CancellationToken)"/>
    public Task<AppendResult> AppendAsync(Topic topic, Append append, CancellationToken cancellationToken) =>
        writers.WriteAsync(topic, writer => writer.AppendAsync(append, cancellationToken));

    /// <summary>Ends the topic: later appends are refused. Repeating it changes nothing.</summary>
    /// <exception cref="EventLogUnavailableException">The table could not be written within 20 s.</exception>
    public async Task<TopicHead> CompleteAsync(Topic topic, CancellationToken cancellationToken) =>
        (await CompleteAsync(topic, RetryBudget.WriteTimeout, cancellationToken)).Head;

    /// <inheritdoc cref="CompleteAsync(Topic, CancellationToken)"/>
    /// <param name="timeout">How long it is tried.</param>
    /// <returns>The head, and whether this call has ended the topic; otherwise it was complete before.</returns>
    /// <exception cref="EventLogBusyException">Too many writes to the topic wait already; nothing was written.</exception>
    /// <exception cref="EventLogUnavailableException">The table could not be written in that time.</exception>
    public Task<(TopicHead Head, bool IsWritten)> CompleteAsync(Topic topic, TimeSpan timeout, CancellationToken cancellationToken) =>
        writers.WriteAsync(topic, writer => writer.CompleteAsync(timeout, cancellationToken));

    /// <summary>Every topic that was ever written to.</summary>
    /// <exception cref="EventLogUnavailableException">The table could not be read.</exception>
    public async IAsyncEnumerable<Topic> TopicsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var entry in topics.ListAsync("", "", cancellationToken))
            yield return entry.Topic;
    }

    /// <summary>Lists topics in the order of their names.</summary>
    /// <param name="prefix">What their names begin with; "" for all.</param>
    /// <param name="after">The name before the first of them: the last page's <see cref="TopicPage.Next"/>; "" to begin.</param>
    /// <param name="limit">The maximum number of topics, 1 to <see cref="TopicDirectory.MaxPage"/>.</param>
    /// <exception cref="InvalidInputException">The limit is outside its range.</exception>
    /// <exception cref="EventLogUnavailableException">The table could not be read within 5 s.</exception>
    public Task<TopicPage> ListTopicsAsync(string prefix, string after, int limit, CancellationToken cancellationToken) =>
        topics.ReadPageAsync(prefix, after, limit, cancellationToken);

    /// <summary>Reads a topic's own retention: that of the process where none was set.</summary>
    /// <exception cref="EventLogUnavailableException">The table could not be read.</exception>
    public Task<TopicRetention> ReadRetentionAsync(Topic topic, CancellationToken cancellationToken) => topics.ReadRetentionAsync(topic, cancellationToken);

    /// <summary>Sets a topic's own retention, before or after its first event; it applies from the next run of retention on.</summary>
    /// <exception cref="InvalidInputException">A value is outside its range.</exception>
    /// <exception cref="EventLogUnavailableException">The table could not be written within 20 s.</exception>
    public Task SetRetentionAsync(Topic topic, TopicRetention retention, CancellationToken cancellationToken) =>
        topics.SetRetentionAsync(topic, retention, cancellationToken);

    /// <summary>
    /// Deletes a topic with its events, keys and retention. Readers find no log any more as soon as it begins. A publisher that comes
    /// after it begins a new log, of another epoch; one that comes while rows are being deleted finds the topic complete.
    /// </summary>
    /// <returns>Whether there was a log.</returns>
    /// <exception cref="EventLogUnavailableException">The table could not be written, or not all of it within 20 s; a repeat goes on with what is left.</exception>
    public Task<bool> DeleteTopicAsync(Topic topic, CancellationToken cancellationToken) =>
        trimmer.DeleteTopicAsync(topic, deleted => RaiseWritten(topic, new Commit(deleted, [])), cancellationToken);

    /// <summary>Asks the table for one row, to learn whether it can be reached, and its clock.</summary>
    /// <returns>The storage service's time, which rows' timestamps are by. A clock of this process may have jumped.</returns>
    /// <exception cref="EventLogUnavailableException">It cannot be reached.</exception>
    public Task<DateTimeOffset> PingAsync(CancellationToken cancellationToken) => table.ReadClockAsync(cancellationToken);

    /// <summary>A subscriber's fault is not the publisher's: the events are written, and its answer says so.</summary>
    private void RaiseWritten(Topic topic, Commit commit)
    {
        try
        {
            Written?.Invoke(topic, commit.Head, commit.Events);
        }
        catch (Exception ex)
        {
            LogSubscriberFailed(topic, ex);
        }
    }

    [LoggerMessage(EventId = 304, Level = LogLevel.Error, Message = "A subscriber to the writes of topic {Topic} failed.")]
    private partial void LogSubscriberFailed(Topic topic, Exception ex);
}
