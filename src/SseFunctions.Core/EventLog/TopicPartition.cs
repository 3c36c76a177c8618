using Azure;
using Azure.Data.Tables;

namespace SseFunctions.EventLog;

/// <summary>
/// Writes to one topic's partition, a transaction at a time, and finds out what became of it whatever the table answers.
/// Its caller sees to it that there is one write at a time.
/// </summary>
internal sealed class TopicPartition(Topic topic, TableEventLog log, TableClient table, LogTelemetry telemetry, TimeProvider time)
{
    /// <summary>The head as this process last saw it; a stale one costs a conflict, never an event.</summary>
    private TopicHead? knownHead;

    /// <summary>Writes all appends of the batch in one transaction, and tells each its own ids.</summary>
    /// <exception cref="EventLogUnavailableException">The table could not be written.</exception>
    public async Task AppendAsync(AppendBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            await CommitAsync(batch, cancellationToken);
        }
        catch
        {
            knownHead = null; // what the table holds now is not known
            throw;
        }
    }

    /// <summary>Ends the topic.</summary>
    /// <exception cref="EventLogUnavailableException">The table could not be written.</exception>
    public async Task<TopicHead> CompleteAsync(RetryBudget retry, CancellationToken cancellationToken)
    {
        var (newEpoch, nonce) = (EventId.NewEpoch(), Guid.NewGuid());
        TopicHead? attempt = null;
        while (true)
        {
            knownHead = null;
            var head = await ReadHeadAsync(retry, cancellationToken);
            if (head is { Complete: true })
            {
                knownHead = head;
                if (head.AppendId == attempt?.AppendId)
                    log.OnWritten(topic, head, []); // it landed, only its answer was lost

                return head;
            }

            attempt = Plan(head, newEpoch, nonce, 0) with { Complete = true };
            try
            {
                knownHead = attempt with { ETag = await SubmitAsync(attempt, null, default, cancellationToken) };
                log.OnWritten(topic, knownHead, []);
                return knownHead;
            }
            catch (Exception fault) when (StorageFault.IsStorage(fault, cancellationToken))
            {
                await AfterFaultAsync(fault, retry, cancellationToken);
            }
        }
    }

    private async Task CommitAsync(AppendBatch batch, CancellationToken cancellationToken)
    {
        var retry = batch.Appends[^1].Retry; // who came last is patient for longest
        if (knownHead is null or { Complete: true }) // complete is final, but not for a log that begins anew
            knownHead = await ReadHeadAsync(retry, cancellationToken);

        if (knownHead is { Complete: true })
            await RefuseAsync(batch, batch.Appends, retry, cancellationToken);

        var (newEpoch, nonce) = (EventId.NewEpoch(), Guid.NewGuid());
        var isInDoubt = false; // whether an earlier try may have landed, or still may: then all tries must be the same
        var hadUsedKeys = false;
        DateTimeOffset now = default;
        while (batch.Appends.Count > 0)
        {
            var attempt = Plan(knownHead, newEpoch, nonce, batch.EventCount);
            if (!isInDoubt)
                now = time.GetUtcNow();

            try
            {
                knownHead = attempt with { ETag = await SubmitAsync(attempt, batch, now, cancellationToken) };
                Done(batch, knownHead, knownHead, now);
                return;
            }
            catch (Exception fault) when (StorageFault.IsStorage(fault, cancellationToken))
            {
                if (!isInDoubt && StorageFault.IsOfContent(fault) && batch.Appends.Count > 1)
                {
                    await CommitApartAsync(batch, cancellationToken);
                    return;
                }

                // The head was as expected, so without whose keys were used the next try may do.
                if (!isInDoubt && InTheWay(batch, fault, all: hadUsedKeys) is { Count: > 0 } inTheWay)
                {
                    hadUsedKeys = true;
                    if (await RefuseAsync(batch, inTheWay, retry, cancellationToken))
                    {
                        telemetry.Conflicted(topic);
                        continue;
                    }
                }

                await AfterFaultAsync(fault, retry, cancellationToken);
                isInDoubt |= !StorageFault.IsRefusal(fault);
                var before = knownHead;
                knownHead = await ReadHeadAsync(retry, cancellationToken);
                if (isInDoubt && await HasLandedAsync(attempt, batch.EventCount, knownHead, retry, cancellationToken))
                {
                    Done(batch, attempt, knownHead!, now);
                    return;
                }

                // Every try was on condition of a head that is gone: none of them can land any more.
                if (knownHead?.ETag != before?.ETag)
                    isInDoubt = false;
                else if (isInDoubt && StorageFault.IsConflict(fault))
                    isInDoubt = !await TryFenceAsync(cancellationToken);

                if (isInDoubt)
                    continue;

                batch.RemoveWhoHaveLeft();
                if (knownHead is { Complete: true })
                    await RefuseAsync(batch, batch.Appends, retry, cancellationToken);
            }
        }
    }

    /// <summary>Whose keys a refused transaction may have found used.</summary>
    /// <param name="batch">What was to be written.</param>
    /// <param name="fault">The refusal.</param>
    /// <param name="all">Whether to suspect all keys, rather than the one that the refusal names: where there was one, there may be many.</param>
    private static List<PendingAppend> InTheWay(AppendBatch batch, Exception fault, bool all)
    {
        var index = StorageFault.FailedOperation(fault);
        if (!StorageFault.IsConflict(fault) || index == TopicTransaction.HeadIndex)
            return [];

        var keyed = TopicTransaction.Keyed(batch).ToList();
        return all || index is null ? keyed : [.. keyed.Skip(index.Value - TopicTransaction.FirstKeyIndex).Take(1)];
    }

    /// <summary>Answers appends whose key was used before with what it made, and on a complete topic the others with that.</summary>
    /// <returns>Whether any was answered, and so left the batch.</returns>
    private async Task<bool> RefuseAsync(AppendBatch batch, IReadOnlyList<PendingAppend> appends, RetryBudget retry, CancellationToken cancellationToken)
    {
        var results = await Task.WhenAll(appends.Select(append => RefusalAsync(append, retry, cancellationToken)));
        foreach (var (append, result) in appends.Zip(results).Where(refused => refused.Second is not null))
        {
            append.Settle(result!);
            batch.Remove(append);
        }

        return results.Any(result => result is not null);
    }

    private async Task<AppendResult?> RefusalAsync(PendingAppend append, RetryBudget retry, CancellationToken cancellationToken)
    {
        if (append.IdempotencyKey is { } key && await ReadKeyAsync(key, retry, cancellationToken) is { } row)
            return LogRows.IsOfHash(row, append.Hash) ? LogRows.Repeated(row) : AppendResult.Nothing(AppendOutcome.KeyReused, LogRows.Repeated(row).Epoch);

        return knownHead is { Complete: true } end ? AppendResult.Nothing(AppendOutcome.TopicComplete, end.Epoch) : null;
    }

    /// <summary>What the table refuses for one append's sake must not fail the others: half by half it is found out.</summary>
    private async Task CommitApartAsync(AppendBatch batch, CancellationToken cancellationToken)
    {
        foreach (var half in batch.Halves())
        {
            try
            {
                await CommitAsync(half, cancellationToken);
            }
            catch (EventLogUnavailableException fault)
            {
                knownHead = null;
                half.Fail(fault);
            }
        }
    }

    /// <summary>
    /// The head that a write is to make. All its tries bear one nonce: a try that was given up for lost may still land,
    /// and must then be known as this write.
    /// </summary>
    private static TopicHead Plan(TopicHead? head, string newEpoch, Guid nonce, int count)
    {
        var plan = head ?? new TopicHead(newEpoch, First: 1, Last: 0, Complete: false, AppendId: "", default);
        return plan with { Last = plan.Last + count, AppendId = LogRows.AppendIdOf(plan.Epoch, nonce) };
    }

    /// <param name="batch">What was appended.</param>
    /// <param name="written">The head that the transaction made.</param>
    /// <param name="newest">The head as it is now: others may have written since.</param>
    /// <param name="time">The events' time.</param>
    private void Done(AppendBatch batch, TopicHead written, TopicHead newest, DateTimeOffset time)
    {
        var first = written.Last - batch.EventCount + 1;
        log.OnWritten(topic, newest, [.. batch.Events.Select((e, i) => new StoredEvent(first + i, e.Type, e.Data, time))]);
        batch.Settle(written.Epoch, first);
    }

    private async Task<ETag> SubmitAsync(TopicHead head, AppendBatch? batch, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (head.ETag == default)
            await RegisterAsync(cancellationToken);

        var answer = await table.SubmitTransactionAsync(TopicTransaction.Operations(topic, head, batch, now), cancellationToken);
        return answer.Value[TopicTransaction.HeadIndex].Headers.ETag.GetValueOrDefault();
    }

    /// <summary>Retention finds the topic by this row; before the head, so that no head is ever without it.</summary>
    private async Task RegisterAsync(CancellationToken cancellationToken) =>
        await table.UpsertEntityAsync(LogRows.TopicEntry(topic), TableUpdateMode.Replace, cancellationToken);

    /// <summary>
    /// Whether the attempt was written although its answer was lost. Until the head has moved it may still land, and then
    /// defeats the next attempt by its ETag; once the head has moved it either stands in its own row or never will.
    /// </summary>
    private async Task<bool> HasLandedAsync(TopicHead attempt, int count, TopicHead? head, RetryBudget retry, CancellationToken cancellationToken)
    {
        if (head?.AppendId == attempt.AppendId)
            return true;

        var first = attempt.Last - count + 1;
        if (head is null || head.Epoch != attempt.Epoch || head.Last < first)
            return false;

        var row = await retry.RunAsync(() => log.GetRowAsync(topic.Name, LogRows.EventKey(first), cancellationToken), cancellationToken);
        if (row is null)
            throw new EventLogUnavailableException("Retention removed the events before it was known whether they are this append's.");

        return LogRows.IsOfAppend(row, attempt.AppendId);
    }

    /// <summary>
    /// Writes the head anew as it is, so that no earlier try can land any more. Needed where a used key forbids to repeat
    /// them as they were, and they cannot be told apart from a try without it.
    /// </summary>
    /// <returns>Whether it is done; if not, the next try finds out more.</returns>
    private async Task<bool> TryFenceAsync(CancellationToken cancellationToken)
    {
        if (knownHead is not { } head)
            return false;

        try
        {
            var answer = await table.UpdateEntityAsync(LogRows.Head(topic, head), head.ETag, TableUpdateMode.Replace, cancellationToken);
            knownHead = head with { ETag = answer.Headers.ETag.GetValueOrDefault() };
            return true;
        }
        catch (Exception fault) when (StorageFault.IsStorage(fault, cancellationToken))
        {
            return false;
        }
    }

    private async Task AfterFaultAsync(Exception fault, RetryBudget retry, CancellationToken cancellationToken)
    {
        if (StorageFault.IsConflict(fault))
            telemetry.Conflicted(topic);

        if (StorageFault.IsTableMissing(fault))
            await retry.RunAsync(() => table.CreateIfNotExistsAsync(cancellationToken), cancellationToken);

        await retry.PauseAsync(fault, cancellationToken);
    }

    private Task<TopicHead?> ReadHeadAsync(RetryBudget retry, CancellationToken cancellationToken) =>
        retry.RunAsync(() => log.ReadHeadAsync(topic, cancellationToken), cancellationToken);

    private Task<TableEntity?> ReadKeyAsync(string key, RetryBudget retry, CancellationToken cancellationToken) =>
        retry.RunAsync(() => log.GetRowAsync(topic.Name, LogRows.IdempotencyKey(key), cancellationToken), cancellationToken);
}
