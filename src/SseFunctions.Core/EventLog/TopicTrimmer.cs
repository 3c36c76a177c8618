using Azure;
using Azure.Data.Tables;

namespace SseFunctions.EventLog;

/// <summary>
/// Removes what a topic no longer retains. The head's first sequence moves before any row goes, so that a reader that
/// misses a row can tell from the head that it was trimmed. Running twice at once, or again after a crash, does no harm.
/// </summary>
internal sealed class TopicTrimmer(TableEventLog log, TableClient table, TimeProvider time)
{
    /// <summary>Operations of an entity group transaction.</summary>
    private const int BatchSize = 100;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <param name="topic">The topic.</param>
    /// <param name="oldest">What the table took before this moment, by its own clock, goes.</param>
    /// <param name="maxEvents">Of more than these the oldest go.</param>
    /// <param name="cancellationToken">Ends it between two batches; the next run goes on.</param>
    /// <returns>How many events the topic retains no more.</returns>
    /// <exception cref="EventLogUnavailableException">The table could not be read or written.</exception>
    public async Task<long> TrimAsync(Topic topic, DateTimeOffset oldest, long maxEvents, CancellationToken cancellationToken)
    {
        var retry = new RetryBudget(Patience, time);
        var (removed, head) = await MoveFirstAsync(topic, oldest, maxEvents, retry, cancellationToken);
        if (head?.First > 1)
        {
            // From the beginning: a run that died between head and rows left some behind.
            await DeleteAsync(topic, LogRows.EventRange(topic, 0, head.First - 1), row => LogRows.IsOfEpoch(row, head.Epoch), retry, cancellationToken);
            await DeleteAsync(topic, LogRows.KeysBefore(topic, head.Epoch, head.First), _ => true, retry, cancellationToken);
        }

        return removed;
    }

    private async Task<(long Removed, TopicHead? Head)> MoveFirstAsync(Topic topic, DateTimeOffset oldest, long maxEvents, RetryBudget retry, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await log.ReadHeadAsync(topic, cancellationToken) is not { } head)
                return (0, null);

            var first = Math.Max(head.Last - maxEvents + 1, await FirstSinceAsync(topic, head, oldest, cancellationToken));
            if (first <= head.First)
                return (0, head);

            try
            {
                var row = new TableEntity(topic.Name, LogRows.HeadKey) { [LogRows.First] = first };
                await table.UpdateEntityAsync(row, head.ETag, TableUpdateMode.Merge, cancellationToken);
                return (first - head.First, head with { First = first });
            }
            catch (Exception fault) when (StorageFault.IsStorage(fault, cancellationToken))
            {
                await retry.PauseAsync(fault, cancellationToken);
            }
        }
    }

    /// <summary>
    /// The first sequence that the table took at or after a moment, by binary search over the table's own timestamps:
    /// they follow commit order, while a writer's clock may jump.
    /// </summary>
    private async Task<long> FirstSinceAsync(Topic topic, TopicHead head, DateTimeOffset moment, CancellationToken cancellationToken)
    {
        var (low, high) = (head.First, head.Last + 1);
        while (low < high)
        {
            // The first probe is the oldest event: most runs have nothing to do, and then it is the only one.
            var probe = low == head.First && high == head.Last + 1 ? low : low + ((high - low) / 2);
            var row = await log.GetRowAsync(topic.Name, LogRows.EventKey(probe), cancellationToken);
            if (row is null || row.Timestamp < moment)
                low = probe + 1;
            else
                high = probe;
        }

        return low;
    }

    /// <param name="topic">The topic.</param>
    /// <param name="filter">Which rows to look at.</param>
    /// <param name="isMeant">Which of them to delete: the table may have been made anew since, and have other rows under these keys.</param>
    /// <param name="retry">For how long to try.</param>
    /// <param name="cancellationToken">Ends it between two batches.</param>
    private async Task DeleteAsync(Topic topic, string filter, Func<TableEntity, bool> isMeant, RetryBudget retry, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await DeleteOnceAsync(topic, filter, isMeant, cancellationToken);
                return;
            }
            catch (Exception fault) when (StorageFault.IsStorage(fault, cancellationToken))
            {
                // A 404 among these: another run has deleted the row, and with it failed the whole batch.
                await retry.PauseAsync(fault, cancellationToken);
            }
        }
    }

    private async Task DeleteOnceAsync(Topic topic, string filter, Func<TableEntity, bool> isMeant, CancellationToken cancellationToken)
    {
        var batch = new List<TableTransactionAction>(BatchSize);
        await foreach (var row in log.QueryAsync(filter, [nameof(TableEntity.RowKey), LogRows.AppendId], cancellationToken))
        {
            if (!isMeant(row))
                continue;

            batch.Add(new(TableTransactionActionType.Delete, new TableEntity(topic.Name, row.RowKey), row.ETag));
            if (batch.Count < BatchSize)
                continue;

            await table.SubmitTransactionAsync(batch, cancellationToken);
            batch.Clear();
        }

        if (batch.Count > 0)
            await table.SubmitTransactionAsync(batch, cancellationToken);
    }
}
