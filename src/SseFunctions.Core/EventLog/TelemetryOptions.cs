namespace SseFunctions.EventLog;

/// <summary>The settings <c>Telemetry__*</c>.</summary>
/// <param name="Topic">Whether measurements bear the topic's name.</param>
internal sealed record TelemetryOptions(bool Topic = false)
{
    public KeyValuePair<string, object?>[] Tags(Topic topic, params KeyValuePair<string, object?>[] others) =>
        Topic ? [new(TelemetryNames.TopicAttribute, topic.Name), .. others] : others;
}
