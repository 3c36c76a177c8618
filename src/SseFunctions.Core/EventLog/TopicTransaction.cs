using Azure.Data.Tables;

namespace SseFunctions.EventLog;

/// <summary>
/// The operations of an append's entity group transaction, in this order: the head, the idempotency keys, the events. The
/// table tells by its index which operation it refused.
/// </summary>
internal static class TopicTransaction
{
    public const int HeadIndex = 0;
    public const int FirstKeyIndex = 1;

    /// <param name="topic">The topic.</param>
    /// <param name="head">The head to write; with the default ETag it must not be there yet, with another it must be that.</param>
    /// <param name="batch">What to append; null for the head alone.</param>
    /// <param name="now">The events' time.</param>
    public static IEnumerable<TableTransactionAction> Operations(Topic topic, TopicHead head, AppendBatch? batch, DateTimeOffset now)
    {
        yield return head.ETag == default
            ? new(TableTransactionActionType.Add, LogRows.Head(topic, head))
            : new(TableTransactionActionType.UpdateReplace, LogRows.Head(topic, head), head.ETag);
        if (batch is null)
            yield break;

        var first = head.Last - batch.EventCount + 1;
        foreach (var (append, key, result) in Results(batch, head.Epoch, first))
        {
            if (key is not null)
                yield return new(TableTransactionActionType.Add, LogRows.Idempotency(topic, key, append.Hash, result, now));
        }

        foreach (var newEvent in batch.Events)
            yield return new(TableTransactionActionType.Add, LogRows.Event(topic, first++, newEvent, head.AppendId, now));
    }

    /// <summary>The appends of the key operations, in their order.</summary>
    public static IEnumerable<PendingAppend> Keyed(AppendBatch batch) => batch.Appends.Where(append => append.IdempotencyKey is not null);

    private static IEnumerable<(PendingAppend Append, string? Key, AppendResult Result)> Results(AppendBatch batch, string epoch, long first)
    {
        foreach (var append in batch.Appends)
        {
            yield return (append, append.IdempotencyKey, AppendBatch.ResultOf(append, epoch, first));
            first += append.Events.Count;
        }
    }
}
