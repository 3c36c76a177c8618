using Azure.Data.Tables;

namespace SseFunctions.EventLog;

/// <summary>What one process has written within a slice of time: each topic once, the newest first. It is replaced with each flush.</summary>
internal sealed class ChangeFeedPage
{
    /// <summary>A full page is followed by another one, so that a flush never writes more than that again.</summary>
    public const int MaxChars = 8 * 1024;

    private readonly LinkedList<(Topic Topic, string Line)> lines = new();
    private readonly Dictionary<Topic, LinkedListNode<(Topic Topic, string Line)>> linesByTopic = [];
    private long flush;
    private int chars;

    /// <summary>The row that it is in.</summary>
    public required string RowKey { get; set; }

    /// <summary>The property that it is.</summary>
    public required string Name { get; set; }

    public bool IsFull => chars >= MaxChars;

    /// <summary>What is put from now on is new to whoever has read the page.</summary>
    public void BeginFlush() => flush++;

    public void Put(TopicChange change)
    {
        if (linesByTopic.TryGetValue(change.Topic, out var known))
        {
            lines.Remove(known);
            chars -= known.Value.Line.Length;
        }

        var line = ChangeFeedRow.ToLine(flush, change);
        linesByTopic[change.Topic] = lines.AddFirst((change.Topic, line));
        chars += line.Length;
    }

    /// <summary>To be merged into the row.</summary>
    public TableEntity ToEntity() => new(ChangeFeedRow.Partition, RowKey) { [Name] = string.Concat(lines.Select(line => line.Line)) };
}
