using Azure;

namespace SseFunctions.EventLog;

/// <summary>The state of a topic's log after its last append.</summary>
/// <param name="Epoch">The log's incarnation.</param>
/// <param name="First">The first retained sequence; Last + 1 when none is retained.</param>
/// <param name="Last">The sequence of the last event, 0 before the first.</param>
/// <param name="Complete">No more events will come.</param>
/// <param name="AppendId">Names the append that wrote this head.</param>
/// <param name="ETag">The entity's version: an append is conditional on it.</param>
internal sealed record TopicHead(string Epoch, long First, long Last, bool Complete, string AppendId, ETag ETag)
{
    /// <summary>The topic's rows are being deleted. For readers there is no log any more, while publishers are still refused.</summary>
    public bool IsDeleted { get; init; }

    /// <summary>How many events are retained.</summary>
    public long Count => Last - First + 1;

    public EventId LastId => new(Epoch, Last);
}
