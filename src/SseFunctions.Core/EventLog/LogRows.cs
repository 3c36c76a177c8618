using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Data.Tables;

namespace SseFunctions.EventLog;

/// <summary>The one place that knows how heads, events, idempotency keys and topics lie in the table.</summary>
/// <remarks>
/// Partition = topic. Rows: "!head", "!key-&lt;hash&gt;" and, after them ('!' sorts before '0'), the events by their 19-digit sequence.
/// Partition "!topics" has one row a topic. An event's row names its append and the epoch ("&lt;epoch&gt;.&lt;random&gt;"),
/// so that a write whose answer was lost is recognised even after other writers have moved the head on.
/// </remarks>
internal static class LogRows
{
    public const string TopicsPartition = "!topics";
    public const string HeadKey = "!head";
    public const string KeyPrefix = "!key-";

    /// <summary>The first row key after all that begin with <see cref="KeyPrefix"/>.</summary>
    public const string KeyEnd = "!key.";

    public const string First = "First";
    public const string Last = "Last";
    public const string Complete = "Complete";

    private const string Epoch = "Epoch";
    public const string AppendId = "AppendId";
    private const string Type = "Type";
    private const string Data = "Data";
    private const string Time = "Time";
    private const string Hash = "Hash";

    public static string AppendIdOf(string epoch, Guid nonce) => $"{epoch}.{nonce:N}";

    public static string EventKey(long sequence) => sequence.ToString("D19", CultureInfo.InvariantCulture);

    public static long Sequence(TableEntity row) => long.Parse(row.RowKey, CultureInfo.InvariantCulture);

    /// <summary>A key may hold characters that a row key may not, so its hash stands for it.</summary>
    public static string IdempotencyKey(string key) =>
        KeyPrefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)), 0, 16);

    public static TableEntity Head(Topic topic, TopicHead head) => new(topic.Name, HeadKey)
    {
        [Epoch] = head.Epoch,
        [First] = head.First,
        [Last] = head.Last,
        [Complete] = head.Complete,
        [AppendId] = head.AppendId,
        ETag = head.ETag,
    };

    public static TopicHead Head(TableEntity row) => new(
        row.GetString(Epoch),
        row.GetInt64(First).GetValueOrDefault(),
        row.GetInt64(Last).GetValueOrDefault(),
        row.GetBoolean(Complete).GetValueOrDefault(),
        row.GetString(AppendId),
        row.ETag);

    public static TableEntity Event(Topic topic, long sequence, NewEvent newEvent, string appendId, DateTimeOffset time)
    {
        var row = new TableEntity(topic.Name, EventKey(sequence))
        {
            [Data] = newEvent.Data.ToArray(),
            [Time] = time,
            [AppendId] = appendId,
        };
        if (newEvent.Type is not null)
            row[Type] = newEvent.Type;

        return row;
    }

    public static StoredEvent Event(TableEntity row) => new(Sequence(row), row.GetString(Type), row.GetBinary(Data), row.GetDateTimeOffset(Time).GetValueOrDefault());

    public static bool IsOfAppend(TableEntity row, string appendId) => row.GetString(AppendId) == appendId;

    public static bool IsOfEpoch(TableEntity row, string epoch) =>
        row.GetString(AppendId).StartsWith(epoch + ".", StringComparison.Ordinal);

    /// <param name="topic">The topic.</param>
    /// <param name="key">The publisher's key.</param>
    /// <param name="hash">Of the events' types and data.</param>
    /// <param name="result">The ids that the append made.</param>
    /// <param name="time">When.</param>
    public static TableEntity Idempotency(Topic topic, string key, byte[] hash, AppendResult result, DateTimeOffset time) =>
        new(topic.Name, IdempotencyKey(key))
        {
            [Epoch] = result.Epoch,
            [First] = result.First,
            [Last] = result.Last,
            [Hash] = hash,
            [Time] = time,
        };

    public static AppendResult Repeated(TableEntity row) => new(
        AppendOutcome.Repeated,
        row.GetString(Epoch),
        row.GetInt64(First).GetValueOrDefault(),
        row.GetInt64(Last).GetValueOrDefault());

    /// <summary>Whether an idempotency row is of events with this hash. Rows without one are of before there were any.</summary>
    public static bool IsOfHash(TableEntity row, byte[] hash) => row.GetBinary(Hash) is not { } stored || stored.AsSpan().SequenceEqual(hash);

    public static TableEntity TopicEntry(Topic topic) => new(TopicsPartition, topic.Name);

    public static string EventRange(Topic topic, long first, long last) => TableClient.CreateQueryFilter(
        $"PartitionKey eq {topic.Name} and RowKey ge {EventKey(first)} and RowKey le {EventKey(last)}");

    public static string KeysBefore(Topic topic, string epoch, long first) => TableClient.CreateQueryFilter(
        $"PartitionKey eq {topic.Name} and RowKey ge {KeyPrefix} and RowKey lt {KeyEnd} and Epoch eq {epoch} and Last lt {first}");
}
