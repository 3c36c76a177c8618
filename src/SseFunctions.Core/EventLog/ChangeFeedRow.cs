using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Azure.Data.Tables;

namespace SseFunctions.EventLog;

/// <summary>A row of the change feed: what one process has written of late. It has one row, and replaces it with each flush.</summary>
/// <param name="Writer">The row key: a random name that the process has made for itself.</param>
/// <param name="Sequence">The number of the writer's last flush, from 1 on.</param>
/// <param name="Since">The first flush of which nothing has dropped out of the row.</param>
/// <param name="Changes">Each topic once, with its newest change and that one's flush; the newest first.</param>
internal sealed record ChangeFeedRow(string Writer, long Sequence, long Since, IReadOnlyList<(long Flush, TopicChange Change)> Changes)
{
    /// <summary>No topic's name: it begins with '!'.</summary>
    public const string Partition = "!changes";

    /// <summary>How long a row stays after its last flush. A writer that was quiet for half of that begins another one.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <summary>A binary property has at most 64 KiB: learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model.</summary>
    private const int PropertyBytes = 60 * 1024;
    private const int MaxProperties = 4;

    private const string SequenceName = "Sequence";
    private const string SinceName = "Since";
    private const string ChangesName = "Changes";
    private const string Ended = "ended";

    /// <summary>What does not fit drops out, the oldest first.</summary>
    public TableEntity ToEntity()
    {
        var (text, since) = (new StringBuilder(), Since);
        foreach (var (flush, change) in Changes)
        {
            // ASCII: a character is a byte.
            var line = string.Create(CultureInfo.InvariantCulture, $"{flush} {change.Topic} {change.Last}{(change.HasEnded ? " " + Ended : "")}\n");
            if (text.Length + line.Length > MaxProperties * PropertyBytes)
            {
                since = Math.Max(since, flush + 1);
                break;
            }

            text.Append(line);
        }

        var entity = new TableEntity(Partition, Writer) { [SequenceName] = Sequence, [SinceName] = since };
        foreach (var (number, part) in Encoding.ASCII.GetBytes(text.ToString()).Chunk(PropertyBytes).Index())
            entity[$"{ChangesName}{number}"] = part;

        return entity;
    }

    /// <returns>False for a row that another version has written, in another form.</returns>
    public static bool TryParse(TableEntity entity, [NotNullWhen(true)] out ChangeFeedRow? row)
    {
        row = null;
        if (Value(entity, SequenceName) is not long sequence || Value(entity, SinceName) is not long since)
            return false;

        var changes = new List<(long, TopicChange)>();
        var text = string.Concat(Enumerable.Range(0, MaxProperties).Select(number => Encoding.ASCII.GetString(Value(entity, $"{ChangesName}{number}") as byte[] ?? [])));
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var words = line.Split(' ');
            if (words.Length is < 3 or > 4
                || !long.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out var flush)
                || !Topic.TryParse(words[1], out var topic)
                || !EventId.TryParse(words[2], out var last))
            {
                return false;
            }

            changes.Add((flush, new TopicChange(topic, last, words.Length == 4)));
        }

        row = new ChangeFeedRow(entity.RowKey, sequence, since, changes);
        return true;
    }

    /// <summary>The rows that others have written since a moment of the table's clock.</summary>
    /// <param name="own">The key of the row that is not wanted.</param>
    /// <param name="after">Null for all.</param>
    public static string Others(string own, DateTimeOffset? after) => after is { } moment
        ? TableClient.CreateQueryFilter($"PartitionKey eq {Partition} and RowKey ne {own} and Timestamp gt {moment}")
        : TableClient.CreateQueryFilter($"PartitionKey eq {Partition} and RowKey ne {own}");

    /// <summary>The rows of writers that are gone, or have begun another one.</summary>
    /// <param name="now">By the table's clock.</param>
    public static string Expired(DateTimeOffset now) =>
        TableClient.CreateQueryFilter($"PartitionKey eq {Partition} and Timestamp lt {now - Lifetime}");

    private static object? Value(TableEntity entity, string name) => entity.TryGetValue(name, out var value) ? value : null;
}
