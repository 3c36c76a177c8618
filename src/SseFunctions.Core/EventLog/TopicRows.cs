using Azure.Data.Tables;

namespace SseFunctions.EventLog;

/// <summary>The rows of the partition that lists the topics: one per topic, and the place where retention goes on.</summary>
internal static class TopicRows
{
    public const string Partition = "!topics";

    /// <summary>No topic's name: it begins with '!'.</summary>
    public const string PlaceKey = "!retention";

    private const string MaxAge = "MaxAge";
    private const string MaxEvents = "MaxEvents";
    private const string ClearedEpoch = "ClearedEpoch";
    private const string ClearedTo = "ClearedTo";
    private const string After = "After";

    /// <summary>Sorts after all characters of a topic's name.</summary>
    private const string End = "~";

    public static TableEntity Registration(Topic topic) => new(Partition, topic.Name);

    public static TableEntity Settings(Topic topic, TopicRetention retention)
    {
        var row = new TableEntity(Partition, topic.Name);
        if (retention.MaxAge is { } maxAge)
            row[MaxAge] = maxAge.Ticks;

        if (retention.MaxEvents is { } maxEvents)
            row[MaxEvents] = maxEvents;

        return row;
    }

    /// <summary>To be merged: all rows up to this event are deleted.</summary>
    public static TableEntity Cleared(Topic topic, EventId last) =>
        new(Partition, topic.Name) { [ClearedEpoch] = last.Epoch, [ClearedTo] = last.Sequence };

    /// <returns>Null for a row that is not a topic's.</returns>
    public static TopicEntry? ToEntry(TableEntity row) => Topic.TryParse(row.RowKey, out var topic)
        ? new(
            topic,
            new(row.GetInt64(MaxAge) is { } ticks ? TimeSpan.FromTicks(ticks) : null, row.GetInt64(MaxEvents)),
            row.GetString(ClearedEpoch) is { } epoch ? new EventId(epoch, row.GetInt64(ClearedTo).GetValueOrDefault()) : EventId.Start,
            row.Timestamp.GetValueOrDefault(),
            row.ETag)
        : null;

    /// <summary>Topics whose names begin with the prefix and come after another name, in the order of their names.</summary>
    public static string Range(string prefix, string after) => TableClient.CreateQueryFilter(
        $"PartitionKey eq {Partition} and RowKey gt {after} and RowKey ge {prefix} and RowKey lt {prefix + End}");

    public static TableEntity Place(string after) => new(Partition, PlaceKey) { [After] = after };

    public static string ToPlace(TableEntity? row) => row?.GetString(After) ?? "";
}
