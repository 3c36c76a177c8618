using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>The answer to GET topics/{topic}.</summary>
/// <param name="Topic">The topic's name.</param>
/// <param name="First">The id of the oldest retained event; null when there is none.</param>
/// <param name="Last">The id of the newest event; as lastEventId it begins a stream right after it.</param>
/// <param name="Count">How many events are retained.</param>
/// <param name="Complete">Whether no more will come.</param>
internal sealed record TopicState(string Topic, string? First, string Last, long Count, bool Complete)
{
    public static TopicState From(Topic topic, TopicHead? head) => head is null
        ? new(topic.Name, null, EventId.Start.ToString(), 0, false)
        : new(
            topic.Name,
            head.Count > 0 ? new EventId(head.Epoch, head.First).ToString() : null,
            head.LastId.ToString(),
            head.Count,
            head.Complete);
}
