using Azure.Data.Tables;

namespace SseFunctions.EventLog;

/// <summary>
/// Removes what a topic no longer retains. The head's first sequence moves before any row goes, so that a reader that
/// misses a row can tell from the head that it was trimmed. Running twice at once, or again after a crash, does no harm.
/// </summary>
internal sealed class TopicTrimmer(EventTable table, TimeProvider time)
{
    /// <summary>Operations of an entity group transaction.</summary>
    private const int BatchSize = 100;

    /// <param name="oldest">What the table took before this moment, by its own clock, goes.</param>
    /// <param name="maxEvents">Of more than these the oldest go.</param>
    /// <param name="cancellationToken">Ends it between two batches; the next run goes on.</param>
    /// <returns>How many events the topic retains no more.</returns>
    /// <exception cref="EventLogUnavailableException">The table could not be read or written.</exception>
    public async Task<long> TrimAsync(Topic topic, DateTimeOffset oldest, long maxEvents, CancellationToken cancellationToken)
    {
        var retry = new RetryBudget(RetryBudget.WriteTimeout, time);
        var (removed, head) = await MoveFirstAsync(topic, oldest, maxEvents, retry, cancellationToken);
        if (head?.First > 1)
        {
            // From the beginning: a run that died between head and rows left some behind.
            await DeleteAsync(LogRows.EventRange(topic, 0, head.First - 1), row => LogRows.BelongsToEpoch(row, head.Epoch), retry, cancellationToken);
            await DeleteAsync(LogRows.KeysBefore(topic, head.Epoch, head.First), _ => true, retry, cancellationToken);
        }

        return removed;
    }

    private async Task<(long Removed, TopicHead? Head)> MoveFirstAsync(Topic topic, DateTimeOffset oldest, long maxEvents, RetryBudget retry, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await table.ReadHeadAsync(topic, EventTable.ReadTimeout, cancellationToken) is not { } head)
                return (0, null);

            var first = Math.Max(head.Last - maxEvents + 1, await FirstSinceAsync(topic, head, oldest, cancellationToken));
            if (first <= head.First)
                return (0, head);

            try
            {
                await table.MoveFirstAsync(topic, head, first, retry.Left, cancellationToken);
                return (first - head.First, head with { First = first });
            }
            catch (EventLogUnavailableException ex)
            {
                await retry.DelayOrThrowAsync(ex, cancellationToken);
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
            var row = await table.ReadRowAsync(topic.Name, LogRows.EventKey(probe), EventTable.ReadTimeout, cancellationToken);
            if (row is null || row.Timestamp < moment)
                low = probe + 1;
            else
                high = probe;
        }

        return low;
    }

    /// <param name="filter">Which rows to look at.</param>
    /// <param name="isMeant">Which of them to delete: the table may have been made anew since, and have other rows under these keys.</param>
    /// <param name="retry">For how long to try.</param>
    /// <param name="cancellationToken">Ends it between two batches.</param>
    private async Task DeleteAsync(string filter, Func<TableEntity, bool> isMeant, RetryBudget retry, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await DeleteOnceAsync(filter, isMeant, retry, cancellationToken);
                return;
            }
            catch (EventLogUnavailableException ex)
            {
                // A 404 among these: another run has deleted the row, and with it failed the whole batch.
                await retry.DelayOrThrowAsync(ex, cancellationToken);
            }
        }
    }

    private async Task DeleteOnceAsync(string filter, Func<TableEntity, bool> isMeant, RetryBudget retry, CancellationToken cancellationToken)
    {
        var batch = new List<TableEntity>(BatchSize);
        await foreach (var row in table.QueryAsync(filter, [nameof(TableEntity.PartitionKey), nameof(TableEntity.RowKey), LogRows.AppendId], cancellationToken))
        {
            if (!isMeant(row))
                continue;

            batch.Add(row);
            if (batch.Count < BatchSize)
                continue;

            await table.DeleteAsync(batch, retry.Left, cancellationToken);
            batch.Clear();
        }

        if (batch.Count > 0)
            await table.DeleteAsync(batch, retry.Left, cancellationToken);
    }
}
