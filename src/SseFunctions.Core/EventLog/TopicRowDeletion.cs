using Azure;
using Azure.Data.Tables;

namespace SseFunctions.EventLog;

/// <summary>Deletes rows of a topic that its head does not retain, in batches, each event together with the idempotency key that it ends.</summary>
/// <remarks>
/// A key row is there exactly as long as the last event of its append, since both come and go in one transaction. So no key is
/// forgotten before its events, and none stays.
/// </remarks>
internal sealed class TopicRowDeletion(EventTable table, TimeProvider time)
{
    /// <summary>Operations of an entity group transaction.</summary>
    public const int MaxOperations = 100;

    private static readonly string[] Columns = [nameof(TableEntity.PartitionKey), nameof(TableEntity.RowKey), LogRows.AppendId, LogRows.Key];

    /// <summary>Deletes all events of the epoch up to one, from the beginning: a run that died between head and rows left some.</summary>
    /// <exception cref="EventLogUnavailableException">The table could not be read or written.</exception>
    public Task DeleteEventsAsync(Topic topic, EventId last, CancellationToken cancellationToken) => RepeatAsync(
        async again =>
        {
            var batch = new List<TableEntity>(MaxOperations);
            await foreach (var row in table.QueryAsync(LogRows.EventRange(topic, 0, last.Sequence), Columns, cancellationToken))
            {
                // The table may have been made anew since, and have other rows under these keys.
                if (!LogRows.BelongsToEpoch(row, last.Epoch))
                    continue;

                var key = await KeyRowAsync(topic, row, last.Epoch, isSure: !again, cancellationToken);
                await AddAsync(batch, key is null ? [row] : [row, key], cancellationToken);
            }

            await FlushAsync(batch, cancellationToken);
        },
        cancellationToken);

    /// <summary>Deletes all idempotency keys of the epoch.</summary>
    /// <inheritdoc cref="DeleteEventsAsync"/>
    public Task DeleteKeysAsync(Topic topic, string epoch, CancellationToken cancellationToken) => RepeatAsync(
        async _ =>
        {
            var batch = new List<TableEntity>(MaxOperations);
            await foreach (var row in table.QueryAsync(LogRows.Keys(topic, epoch), Columns, cancellationToken))
                await AddAsync(batch, [row], cancellationToken);

            await FlushAsync(batch, cancellationToken);
        },
        cancellationToken);

    /// <param name="isSure">Whether to take it for granted that the key row is there, as it should be.</param>
    private async Task<TableEntity?> KeyRowAsync(Topic topic, TableEntity eventRow, string epoch, bool isSure, CancellationToken cancellationToken)
    {
        if (eventRow.GetString(LogRows.Key) is not { } key)
            return null;

        if (isSure)
            return new TableEntity(topic.Name, key) { ETag = ETag.All };

        var row = await table.ReadRowAsync(topic.Name, key, EventTable.ReadTimeout, cancellationToken);
        return row is not null && LogRows.EndsWith(row, epoch, LogRows.Sequence(eventRow)) ? row : null;
    }

    private async Task AddAsync(List<TableEntity> batch, TableEntity[] rows, CancellationToken cancellationToken)
    {
        if (batch.Count + rows.Length > MaxOperations)
            await FlushAsync(batch, cancellationToken);

        batch.AddRange(rows);
    }

    private async Task FlushAsync(List<TableEntity> batch, CancellationToken cancellationToken)
    {
        if (batch.Count > 0)
            await table.DeleteAsync(batch, cancellationToken);

        batch.Clear();
    }

    /// <param name="pass">Gets whether an earlier pass met a row that was not there: another run had deleted it, and so the whole batch failed.</param>
    private async Task RepeatAsync(Func<bool, Task> pass, CancellationToken cancellationToken)
    {
        var retry = new RetryBudget(RetryBudget.WriteTimeout, time);
        var again = false;
        while (true)
        {
            try
            {
                await pass(again);
                return;
            }
            catch (EventLogUnavailableException ex)
            {
                again |= ex.Fault is { IsRowMissing: true };
                await retry.DelayOrThrowAsync(ex, cancellationToken);
            }
        }
    }
}
