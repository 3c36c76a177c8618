namespace SseFunctions.EventLog;

/// <summary>Answers the appends that must not be written: their idempotency key was used before, or the topic is complete.</summary>
internal sealed class AppendRefusals(Topic topic, EventTable table)
{
    /// <summary>The appends whose keys may be the reason why a transaction was refused.</summary>
    /// <param name="all">Whether to suspect all keys, not only the one that the refusal names: where there was one, there may be many.</param>
    public static List<PendingAppend> AppendsToSuspect(AppendBatch batch, StorageFault fault, bool all)
    {
        if (!fault.IsConflict || fault.FailedOperation == TopicTransaction.HeadIndex)
            return [];

        var keyed = TopicTransaction.Keyed(batch).ToList();
        return all || fault.FailedOperation is not { } index ? keyed : [.. keyed.Skip(index - TopicTransaction.FirstKeyIndex).Take(1)];
    }

    /// <summary>Answers appends whose key was used before with the first result, and on a complete topic all others with TopicComplete.</summary>
    /// <returns>Whether any was answered, and so left the batch.</returns>
    public async Task<bool> AnswerAsync(AppendBatch batch, IReadOnlyList<PendingAppend> appends, TopicHead? head, RetryBudget retry, CancellationToken cancellationToken)
    {
        var results = await Task.WhenAll(appends.Select(append => AnswerToAsync(append, head, retry, cancellationToken)));
        foreach (var (append, result) in appends.Zip(results))
        {
            if (result is null)
                continue;

            append.Settle(result);
            batch.Remove(append);
        }

        return results.Any(result => result is not null);
    }

    private async Task<AppendResult?> AnswerToAsync(PendingAppend append, TopicHead? head, RetryBudget retry, CancellationToken cancellationToken)
    {
        if (append.IdempotencyKey is { } key
            && await retry.RunAsync(left => table.ReadRowAsync(topic.Name, LogRows.KeyOf(key), left, cancellationToken), cancellationToken) is { } row)
        {
            var first = LogRows.ToRepeated(row);
            return LogRows.HasHash(row, append.Hash) ? first : AppendResult.Nothing(AppendOutcome.KeyReused, first.Epoch);
        }

        return head is { Complete: true } ? AppendResult.Nothing(AppendOutcome.TopicComplete, head.Epoch) : null;
    }
}
