using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Azure.Data.Tables;

namespace SseFunctions.EventLog;

/// <summary>
/// The rows of the change feed. A row is a slice of time, and every process that writes in that time adds its pages to it, as
/// properties of their own. So a poll brings one or two rows, however many processes write.
/// </summary>
internal static class ChangeFeedRow
{
    /// <summary>No topic's name: it begins with '!'.</summary>
    public const string Partition = "!changes";

    /// <summary>The time of a row. The longer it is, the fewer rows a poll brings, and the more of what it has brought before.</summary>
    public static readonly TimeSpan Slice = TimeSpan.FromSeconds(2);

    /// <summary>How long a row stays after its last page.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <summary>By how much a writer's clock may be behind the table's, and its request late: its row is looked for that far back.</summary>
    public static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(4);

    /// <summary>What the names of pages begin with. Rows of another version have none.</summary>
    private const string PagePrefix = "p";

    private const string Ended = "ended";

    /// <summary>The row of a moment.</summary>
    /// <param name="number">0; or another where the rows before it are full.</param>
    public static string Key(DateTimeOffset moment, int number) => string.Create(CultureInfo.InvariantCulture, $"{SliceOf(moment)}-{number}");

    /// <summary>The names of a process's pages begin with that.</summary>
    public static string PagesOf(string process) => $"{PagePrefix}{process}_";

    /// <summary>A line of a page: the page's flush in which the topic moved, and where to.</summary>
    public static string ToLine(long flush, TopicChange change) =>
        string.Create(CultureInfo.InvariantCulture, $"{flush} {change.Topic} {change.Last}{(change.HasEnded ? " " + Ended : "")}\n");

    /// <summary>The pages of a row, by their names: the lines of each, the newest first.</summary>
    public static IEnumerable<(string Name, string Lines)> Pages(TableEntity row) =>
        from property in row
        where property.Key.StartsWith(PagePrefix, StringComparison.Ordinal) && property.Value is string
        select (property.Key, (string)property.Value);

    /// <returns>False for a line that is none of this version's.</returns>
    public static bool TryParse(ReadOnlySpan<char> line, out long flush, [NotNullWhen(true)] out TopicChange? change)
    {
        change = null;
        Span<Range> words = stackalloc Range[5];
        var count = line.Split(words, ' ');
        if (!long.TryParse(line[words[0]], NumberStyles.None, CultureInfo.InvariantCulture, out flush)
            || count is < 3 or > 4
            || !Topic.TryParse(line[words[1]].ToString(), out var topic)
            || !EventId.TryParse(line[words[2]].ToString(), out var last))
        {
            return false;
        }

        change = new TopicChange(topic, last, count == 4);
        return true;
    }

    /// <summary>The rows that were written after a moment of the table's clock.</summary>
    public static string WrittenAfter(DateTimeOffset moment) =>
        TableClient.CreateQueryFilter($"PartitionKey eq {Partition} and RowKey ge {SliceOf(moment - MaxDelay)} and Timestamp gt {moment}");

    /// <summary>The rows that nobody asks for any more.</summary>
    /// <param name="now">By the table's clock.</param>
    public static string Expired(DateTimeOffset now) =>
        TableClient.CreateQueryFilter($"PartitionKey eq {Partition} and Timestamp lt {now - Lifetime}");

    /// <summary>In the order of time.</summary>
    private static string SliceOf(DateTimeOffset moment) =>
        (moment.ToUnixTimeSeconds() / (long)Slice.TotalSeconds).ToString("D10", CultureInfo.InvariantCulture);
}
