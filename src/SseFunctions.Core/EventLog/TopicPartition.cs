namespace SseFunctions.EventLog;

/// <summary>
/// Writes to one topic's partition, one transaction at a time, and finds out what became of it whatever the table answers.
/// docs/design.md explains the protocol: states of a transaction, in doubt, fence.
/// </summary>
internal sealed class TopicPartition(Topic topic, EventTable table, LogTelemetry telemetry, TimeProvider time)
{
    private readonly AppendRefusals refusals = new(topic, table);

    /// <summary>The head as this process last saw it; a stale one costs a conflict, never an event.</summary>
    private TopicHead? knownHead;

    /// <summary>
    /// Writes all appends of the batch in one transaction. Those that must not be written, since their key was used before
    /// or the topic is complete, are answered and leave the batch.
    /// </summary>
    /// <returns>Null when none was left to write.</returns>
    /// <exception cref="EventLogUnavailableException">
    /// The table could not be written. When its fault is of content, nothing was written, nor will be.
    /// </exception>
    public async Task<Commit?> AppendAsync(AppendBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            return await CommitAsync(batch, cancellationToken);
        }
        catch
        {
            knownHead = null; // what the table holds now is not known
            throw;
        }
    }

    /// <summary>Ends the topic.</summary>
    /// <returns>The head, and whether this call has written it; otherwise the topic was complete before.</returns>
    /// <exception cref="EventLogUnavailableException">The table could not be written.</exception>
    public async Task<(TopicHead Head, bool IsWritten)> CompleteAsync(RetryBudget retry, CancellationToken cancellationToken)
    {
        var (newEpoch, nonce) = (EventId.NewEpoch(), Guid.NewGuid());
        TopicHead? plan = null;
        while (true)
        {
            knownHead = null;
            var head = await ReadHeadAsync(retry, cancellationToken);
            if (head is { Complete: true })
            {
                knownHead = head;
                return (head, head.AppendId == plan?.AppendId); // equal: it landed, only its answer was lost
            }

            plan = Plan(head, newEpoch, nonce, count: 0, completes: true);
            try
            {
                knownHead = plan with { ETag = await table.CommitAsync(topic, plan, null, default, retry.Left, cancellationToken) };
                return (knownHead, true);
            }
            catch (EventLogUnavailableException ex)
            {
                await AfterFaultAsync(ex, retry, cancellationToken);
            }
        }
    }

    private async Task<Commit?> CommitAsync(AppendBatch batch, CancellationToken cancellationToken)
    {
        var retry = batch.Retry;
        if (knownHead is null or { Complete: true }) // complete is final, but not for a log that begins anew
            knownHead = await ReadHeadAsync(retry, cancellationToken);

        var (newEpoch, nonce) = (EventId.NewEpoch(), Guid.NewGuid());
        // In doubt: an earlier try may have landed, or still may. Then every further try must be the same, so the batch stays as it is.
        var isInDoubt = false;
        var hadUsedKeys = false;
        DateTimeOffset now = default;
        while (true)
        {
            if (!isInDoubt)
            {
                if (knownHead is { Complete: true })
                    await refusals.AnswerAsync(batch, batch.Appends, knownHead, retry, cancellationToken);

                if (batch.Appends.Count == 0)
                    return null;

                now = time.GetUtcNow();
            }

            var plan = Plan(knownHead, newEpoch, nonce, batch.EventCount, batch.CompletesTopic);
            try
            {
                knownHead = plan with { ETag = await table.CommitAsync(topic, plan, batch, now, retry.Left, cancellationToken) };
                return Committed(batch, plan, now);
            }
            catch (EventLogUnavailableException ex) when (ex.Fault is { } fault)
            {
                if (isInDoubt && fault.IsContentRefused)
                    throw new EventLogUnavailableException(ex.Message, ex); // an earlier try may have landed: no fault of this one alone

                // The head was as expected, so the next try may succeed without the appends whose keys were used.
                if (!isInDoubt && AppendRefusals.AppendsToSuspect(batch, fault, all: hadUsedKeys) is { Count: > 0 } suspects)
                {
                    hadUsedKeys = true;
                    if (await refusals.AnswerAsync(batch, suspects, knownHead, retry, cancellationToken))
                    {
                        telemetry.Conflicted(topic);
                        continue;
                    }
                }

                await AfterFaultAsync(ex, retry, cancellationToken);
                isInDoubt |= !fault.IsRefusal;
                var before = knownHead;
                knownHead = await ReadHeadAsync(retry, cancellationToken);
                if (isInDoubt && await HasLandedAsync(plan, batch.EventCount, retry, cancellationToken))
                    return Committed(batch, plan, now);

                // Every try was conditional on a head that is gone: none of them can land any more.
                if (knownHead?.ETag != before?.ETag)
                    isInDoubt = false;
                else if (isInDoubt && fault.IsConflict)
                    isInDoubt = !await TryFenceAsync(retry, cancellationToken);

                if (!isInDoubt)
                    batch.RemoveAbandoned();
            }
        }
    }

    /// <summary>
    /// The head that a write is to make. All its tries carry one nonce: a try that got no answer may still land,
    /// and must then be recognised as this write.
    /// </summary>
    private static TopicHead Plan(TopicHead? head, string newEpoch, Guid nonce, int count, bool completes)
    {
        var plan = head ?? new TopicHead(newEpoch, First: 1, Last: 0, Complete: false, AppendId: "", default);
        return plan with { Last = plan.Last + count, Complete = completes, AppendId = LogRows.AppendIdOf(plan.Epoch, nonce) };
    }

    /// <param name="plan">The head that the transaction made; others may have written since.</param>
    /// <param name="now">The events' time.</param>
    private Commit Committed(AppendBatch batch, TopicHead plan, DateTimeOffset now)
    {
        var first = plan.Last - batch.EventCount + 1;
        return new Commit(knownHead!, [.. batch.Events.Select((e, i) => new StoredEvent(first + i, e.Type, e.Data, now))]);
    }

    /// <summary>
    /// Whether the transaction was written although its answer was lost. Until the head has moved it may still land, and then
    /// defeats the next try by its ETag; once the head has moved it either stands in its own row or never will.
    /// </summary>
    private async Task<bool> HasLandedAsync(TopicHead plan, int count, RetryBudget retry, CancellationToken cancellationToken)
    {
        if (knownHead?.AppendId == plan.AppendId)
            return true;

        var first = plan.Last - count + 1;
        if (knownHead is null || knownHead.Epoch != plan.Epoch || knownHead.Last < first)
            return false;

        var row = await retry.RunAsync(left => table.ReadRowAsync(topic.Name, LogRows.EventKey(first), left, cancellationToken), cancellationToken);
        if (row is null)
            throw new EventLogUnavailableException("Retention removed the events before it was known whether they are this append's.");

        return LogRows.BelongsToAppend(row, plan.AppendId);
    }

    /// <summary>
    /// The fence: writes the head as it is, for a new ETag, so that no earlier try can land any more. Needed where a used key
    /// forbids to repeat them as they were, and a try without it could not be told apart from them.
    /// </summary>
    /// <returns>Whether it is done; if not, the next try finds out more.</returns>
    private async Task<bool> TryFenceAsync(RetryBudget retry, CancellationToken cancellationToken)
    {
        if (knownHead is not { } head)
            return false;

        try
        {
            knownHead = head with { ETag = await table.RewriteHeadAsync(topic, head, retry.Left, cancellationToken) };
            return true;
        }
        catch (EventLogUnavailableException)
        {
            return false;
        }
    }

    private async Task AfterFaultAsync(EventLogUnavailableException ex, RetryBudget retry, CancellationToken cancellationToken)
    {
        if (ex.Fault is { IsConflict: true })
            telemetry.Conflicted(topic);

        if (ex.Fault is { IsTableMissing: true })
            await retry.RunAsync(left => table.CreateAsync(left, cancellationToken), cancellationToken);

        await retry.DelayOrThrowAsync(ex, cancellationToken);
    }

    private Task<TopicHead?> ReadHeadAsync(RetryBudget retry, CancellationToken cancellationToken) =>
        retry.RunAsync(left => table.ReadHeadAsync(topic, left, cancellationToken), cancellationToken);
}
