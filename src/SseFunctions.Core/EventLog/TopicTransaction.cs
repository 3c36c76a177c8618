using Azure.Data.Tables;

namespace SseFunctions.EventLog;

/// <summary>
/// The operations of an append's entity group transaction, in this order: the head, the idempotency keys, the events. When
/// the table refuses one, it says the operation's index.
/// </summary>
internal static class TopicTransaction
{
    public const int HeadIndex = 0;
    public const int FirstKeyIndex = 1;

    /// <param name="head">The head to write; with the default ETag it must not be there yet, with another it must be that.</param>
    /// <param name="batch">What to append; null for the head alone.</param>
    /// <param name="now">The events' time.</param>
    public static List<TableTransactionAction> Operations(Topic topic, TopicHead head, AppendBatch? batch, DateTimeOffset now)
    {
        List<TableTransactionAction> operations =
        [
            head.ETag == default
                ? new(TableTransactionActionType.Add, LogRows.HeadRow(topic, head))
                : new(TableTransactionActionType.UpdateReplace, LogRows.HeadRow(topic, head), head.ETag),
        ];
        if (batch is null)
            return operations;

        var first = head.Last - batch.EventCount + 1;
        operations.AddRange(batch.Results(head.Epoch, first)
            .Where(written => written.Append.IdempotencyKey is not null)
            .Select(written => new TableTransactionAction(
                TableTransactionActionType.Add, LogRows.KeyRow(topic, written.Append, written.Result, now))));
        foreach (var (append, result) in batch.Results(head.Epoch, first))
        {
            operations.AddRange(append.Events.Select((newEvent, i) => new TableTransactionAction(
                TableTransactionActionType.Add,
                LogRows.EventRow(topic, result.First + i, newEvent, head.AppendId, result.First + i == result.Last ? append.IdempotencyKey : null, now))));
        }

        return operations;
    }

    /// <summary>The appends of the key operations, in their order.</summary>
    public static IEnumerable<PendingAppend> Keyed(AppendBatch batch) => batch.Appends.Where(append => append.IdempotencyKey is not null);
}
