using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;

namespace SseFunctions.EventLog;

/// <summary>
/// The ordered log of every topic, in one table. Commit order is id order: an append is one entity group transaction
/// that holds the events and, conditional on its ETag, the topic's head.
/// </summary>
internal sealed class TableEventLog
{
    /// <summary>Rows of a query's page, at most: learn.microsoft.com/rest/api/storageservices/query-timeout-and-pagination.</summary>
    public const int PageRows = 1000;

    private readonly TableClient table;
    private readonly TimeProvider time;
    private readonly TopicWriterPool writers;

    public TableEventLog(TableClient table, LogTelemetry telemetry, TimeProvider time)
    {
        (this.table, this.time) = (table, time);
        writers = new TopicWriterPool(topic => new TopicWriter(topic, this, table, telemetry, time));
    }

    /// <summary>Raised after each transaction of this process, in the topic's order, with the head it made and the events it added, if any.</summary>
    public event Action<Topic, TopicHead, IReadOnlyList<StoredEvent>>? Written;

    /// <summary>Reads the head; null while nothing was ever written to the topic.</summary>
    /// <exception cref="EventLogUnavailableException">The table could not be read.</exception>
    public async Task<TopicHead?> ReadHeadAsync(Topic topic, CancellationToken cancellationToken) =>
        await GetRowAsync(topic.Name, LogRows.HeadKey, cancellationToken) is { } row
            ? LogRows.Head(row)
            : null;

    /// <summary>
    /// Reads the events of one epoch with sequences from <paramref name="first"/> to <paramref name="last"/>.
    /// What retention has removed is missing, never from the middle.
    /// </summary>
    /// <remarks>One request for up to <see cref="PageRows"/> of them.</remarks>
    /// <exception cref="EventLogUnavailableException">The table could not be read.</exception>
    public async Task<IReadOnlyList<StoredEvent>> ReadAsync(Topic topic, string epoch, long first, long last, CancellationToken cancellationToken)
    {
        var events = new List<StoredEvent>();
        await foreach (var row in QueryAsync(LogRows.EventRange(topic, first, last), null, cancellationToken))
        {
            if (!LogRows.IsOfEpoch(row, epoch))
                return [];

            var next = LogRows.Event(row);
            // Retention removed rows between two pages of this query: all before them is gone as well.
            if (events.Count > 0 && next.Sequence != events[^1].Sequence + 1)
                events.Clear();

            events.Add(next);
        }

        return events;
    }

    /// <summary>
    /// Appends all events or none, once, whatever the table's answers; their ids are consecutive. Appends that come while
    /// another is being written share a transaction, in the order in which they came.
    /// </summary>
    /// <param name="topic">The topic; its log begins with its first append.</param>
    /// <param name="events">1 to <see cref="TopicWriter.MaxEvents"/> events.</param>
    /// <param name="idempotencyKey">A second append of the same events with the same key answers with the first one's ids; of other events, it is refused.</param>
    /// <param name="cancellationToken">Ends the waiting; the events may have been written by then.</param>
    /// <exception cref="InvalidInputException">An event or their sum is over its limit.</exception>
    /// <exception cref="EventLogBusyException">Too many appends to the topic wait already; nothing was written.</exception>
    /// <exception cref="EventLogUnavailableException">The table could not be written.</exception>
    public Task<AppendResult> AppendAsync(Topic topic, IReadOnlyList<NewEvent> events, string? idempotencyKey, CancellationToken cancellationToken) =>
        writers.WriteAsync(topic, writer => writer.AppendAsync(events, idempotencyKey, cancellationToken));

    /// <summary>Ends the topic: later appends are refused. Repeating it changes nothing.</summary>
    /// <exception cref="EventLogUnavailableException">The table could not be written.</exception>
    public Task<TopicHead> CompleteAsync(Topic topic, CancellationToken cancellationToken) =>
        writers.WriteAsync(topic, writer => writer.CompleteAsync(cancellationToken));

    /// <summary>Every topic that was ever written to.</summary>
    /// <exception cref="EventLogUnavailableException">The table could not be read.</exception>
    public async IAsyncEnumerable<Topic> TopicsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {LogRows.TopicsPartition}");
        await foreach (var row in QueryAsync(filter, [nameof(TableEntity.RowKey)], cancellationToken))
        {
            if (Topic.TryParse(row.RowKey, out var topic))
                yield return topic;
        }
    }

    /// <summary>Asks the table for one row, to learn whether it can be reached, and its clock.</summary>
    /// <returns>The storage service's time: what rows' timestamps are by. A clock of ours may have jumped.</returns>
    /// <exception cref="EventLogUnavailableException">It cannot be reached.</exception>
    public async Task<DateTimeOffset> PingAsync(CancellationToken cancellationToken)
    {
        var answer = await AskAsync(
            () => table.GetEntityIfExistsAsync<TableEntity>(LogRows.TopicsPartition, LogRows.HeadKey, cancellationToken: cancellationToken),
            cancellationToken);
        return answer?.GetRawResponse().Headers.Date ?? time.GetUtcNow();
    }

    internal async Task<TableEntity?> GetRowAsync(string partitionKey, string rowKey, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(
            () => table.GetEntityIfExistsAsync<TableEntity>(partitionKey, rowKey, cancellationToken: cancellationToken),
            cancellationToken);
        return answer is { HasValue: true } ? answer.Value : null;
    }

    /// <summary>Follows continuation tokens to the end, through pages that hold a token and no rows.</summary>
    internal async IAsyncEnumerable<TableEntity> QueryAsync(string filter, string[]? select, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var pages = table.QueryAsync<TableEntity>(filter, select: select, cancellationToken: cancellationToken)
            .AsPages().GetAsyncEnumerator(cancellationToken);
        while (await AskAsync(async () => await pages.MoveNextAsync() ? pages.Current : null, cancellationToken) is { } page)
        {
            foreach (var row in page.Values)
                yield return row;
        }
    }

    internal void OnWritten(Topic topic, TopicHead head, IReadOnlyList<StoredEvent> events) => Written?.Invoke(topic, head, events);

    /// <returns>The answer; null when the table is not there yet.</returns>
    private static async Task<T?> AskAsync<T>(Func<Task<T?>> ask, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await ask();
        }
        catch (Exception fault) when (StorageFault.IsTableMissing(fault))
        {
            return null;
        }
        catch (Exception fault) when (StorageFault.IsStorage(fault, cancellationToken))
        {
            throw StorageFault.Unavailable(fault);
        }
    }
}
