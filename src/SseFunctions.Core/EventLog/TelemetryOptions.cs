namespace SseFunctions.EventLog;

/// <summary>The settings <c>Telemetry__*</c>.</summary>
/// <param name="Topic">Whether measurements bear the topic's name.</param>
internal sealed record TelemetryOptions(bool Topic = false)
{
    public KeyValuePair<string, object?>[] Tags(IEnumerable<Topic> topics, params KeyValuePair<string, object?>[] others) =>
        Topic ? [new(TelemetryNames.TopicAttribute, string.Join(", ", topics)), .. others] : others;

    public KeyValuePair<string, object?>[] Tags(Topic topic, params KeyValuePair<string, object?>[] others) =>
        Tags([topic], others);
}
