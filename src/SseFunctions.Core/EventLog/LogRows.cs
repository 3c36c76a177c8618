using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Data.Tables;

namespace SseFunctions.EventLog;

/// <summary>The one place that knows how heads, events and idempotency keys are stored in the table.</summary>
/// <remarks>
/// Partition = topic. Rows: "!head", "!key-&lt;hash&gt;" and, after them ('!' sorts before '0'), the events by their 19-digit sequence. An event's row names its append and the epoch ("&lt;epoch&gt;.&lt;random&gt;"),
/// so that a write whose answer was lost is recognised even after other writers have moved the head on.
/// </remarks>
internal static class LogRows
{
    public const string HeadKey = "!head";
    public const string KeyPrefix = "!key-";

    /// <summary>The first row key after all that begin with <see cref="KeyPrefix"/>.</summary>
    public const string KeyEnd = "!key.";

    private const string First = "First";
    private const string Last = "Last";
    private const string Complete = "Complete";
    private const string Deleted = "Deleted";

    public const string AppendId = "AppendId";
    private const string Epoch = "Epoch";
    private const string Type = "Type";
    private const string Data = "Data";
    private const string Time = "Time";
    private const string Hash = "Hash";
    private const string Written = "Written";
    public const string Key = "Key";

    public static string AppendIdOf(string epoch, Guid nonce) => $"{epoch}.{nonce:N}";

    public static string EventKey(long sequence) => sequence.ToString("D19", CultureInfo.InvariantCulture);

    public static long Sequence(TableEntity row) => long.Parse(row.RowKey, CultureInfo.InvariantCulture);

    /// <summary>The row key of an idempotency key: its hash, since the key may hold characters that a row key may not.</summary>
    public static string KeyOf(string idempotencyKey) =>
        KeyPrefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(idempotencyKey)), 0, 16);

    public static TableEntity HeadRow(Topic topic, TopicHead head)
    {
        var row = new TableEntity(topic.Name, HeadKey)
        {
            [Epoch] = head.Epoch,
            [First] = head.First,
            [Last] = head.Last,
            [Complete] = head.Complete,
            [AppendId] = head.AppendId,
            ETag = head.ETag,
        };
        if (head.IsDeleted)
            row[Deleted] = true;

        return row;
    }

    /// <summary>To be merged by retention, which changes the row's timestamp and so keeps what that was.</summary>
    public static TableEntity FirstOfHead(Topic topic, long first, DateTimeOffset written) =>
        new(topic.Name, HeadKey) { [First] = first, [Written] = written };

    /// <summary>To be merged before the rows are deleted: no event is retained, and none will come.</summary>
    public static TableEntity DeletedHead(Topic topic, TopicHead deleted, DateTimeOffset written)
    {
        var row = FirstOfHead(topic, deleted.First, written);
        row[Complete] = deleted.Complete;
        row[Deleted] = deleted.IsDeleted;
        return row;
    }

    /// <summary>When a publisher last wrote to the topic, by the table's clock.</summary>
    public static DateTimeOffset WrittenAt(TableEntity head) => head.GetDateTimeOffset(Written) ?? head.Timestamp.GetValueOrDefault();

    public static TopicHead ToHead(TableEntity row) => new(
        row.GetString(Epoch),
        row.GetInt64(First).GetValueOrDefault(),
        row.GetInt64(Last).GetValueOrDefault(),
        row.GetBoolean(Complete).GetValueOrDefault(),
        row.GetString(AppendId),
        row.ETag)
    { IsDeleted = row.GetBoolean(Deleted).GetValueOrDefault() };

    /// <param name="key">The idempotency key of the append whose last event this is: its row goes together with this one.</param>
    public static TableEntity EventRow(Topic topic, long sequence, NewEvent newEvent, string appendId, string? key, DateTimeOffset time)
    {
        var row = new TableEntity(topic.Name, EventKey(sequence))
        {
            [Data] = newEvent.Data.ToArray(),
            [Time] = time,
            [AppendId] = appendId,
        };
        if (newEvent.Type is not null)
            row[Type] = newEvent.Type;

        if (key is not null)
            row[Key] = KeyOf(key);

        return row;
    }

    public static StoredEvent ToEvent(TableEntity row) => new(Sequence(row), row.GetString(Type), row.GetBinary(Data), row.GetDateTimeOffset(Time).GetValueOrDefault());

    public static bool BelongsToAppend(TableEntity row, string appendId) => row.GetString(AppendId) == appendId;

    public static bool BelongsToEpoch(TableEntity row, string epoch) =>
        row.GetString(AppendId).StartsWith(epoch + ".", StringComparison.Ordinal);

    public static TableEntity KeyRow(Topic topic, PendingAppend append, AppendResult result, DateTimeOffset time) =>
        new(topic.Name, KeyOf(append.IdempotencyKey!))
        {
            [Epoch] = result.Epoch,
            [First] = result.First,
            [Last] = result.Last,
            [Hash] = append.Hash,
            [Time] = time,
        };

    /// <summary>Whether a key row was written together with an event, which is its append's last.</summary>
    public static bool EndsWith(TableEntity keyRow, string epoch, long sequence) => keyRow.GetString(Epoch) == epoch && keyRow.GetInt64(Last) == sequence;

    public static AppendResult ToRepeated(TableEntity row) => new(
        AppendOutcome.Repeated,
        row.GetString(Epoch),
        row.GetInt64(First).GetValueOrDefault(),
        row.GetInt64(Last).GetValueOrDefault());

    /// <summary>Whether an idempotency row is for events with this hash. Rows of earlier versions have none.</summary>
    public static bool HasHash(TableEntity row, byte[] hash) => row.GetBinary(Hash) is not { } stored || stored.AsSpan().SequenceEqual(hash);

    public static string EventRange(Topic topic, long first, long last) => TableClient.CreateQueryFilter(
        $"PartitionKey eq {topic.Name} and RowKey ge {EventKey(first)} and RowKey le {EventKey(last)}");

    /// <summary>Reads all keys of the topic: for one that is deleted, in case that rows of earlier versions do not name their key.</summary>
    public static string Keys(Topic topic, string epoch) => TableClient.CreateQueryFilter(
        $"PartitionKey eq {topic.Name} and RowKey ge {KeyPrefix} and RowKey lt {KeyEnd} and Epoch eq {epoch}");
}
