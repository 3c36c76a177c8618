using System.Text.Json.Serialization;
using SseFunctions.Configuration;
using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>The answer to GET topics/{topic}, and an element of the answer to GET topics.</summary>
/// <param name="Topic">The topic's name.</param>
/// <param name="First">The id of the oldest retained event; null when there is none.</param>
/// <param name="Last">The id of the newest event; as lastEventId it begins a stream right after it.</param>
/// <param name="Count">How many events are retained.</param>
/// <param name="Complete">Whether no more will come.</param>
/// <param name="MaxAge">How long the topic keeps events, where that is its own; left out where Retention__MaxAge holds.</param>
/// <param name="MaxEvents">How many events the topic keeps, where that is its own; left out where Retention__MaxEvents holds.</param>
internal sealed record TopicState(
    string Topic,
    string? First,
    string Last,
    long Count,
    bool Complete,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? MaxAge,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? MaxEvents)
{
    /// <param name="head">Null, or that of a log that is being deleted, when there is none.</param>
    /// <param name="retention">The topic's own.</param>
    public static TopicState From(Topic topic, TopicHead? head, TopicRetention retention)
    {
        var log = head is { IsDeleted: false } ? head : null;
        return new(
            topic.Name,
            log is { Count: > 0 } ? new EventId(log.Epoch, log.First).ToString() : null,
            (log?.LastId ?? EventId.Start).ToString(),
            log?.Count ?? 0,
            log?.Complete ?? false,
            retention.MaxAge is { } maxAge ? DurationText.From(maxAge) : null,
            retention.MaxEvents);
    }
}
