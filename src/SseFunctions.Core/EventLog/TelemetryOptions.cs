using SseFunctions.Configuration;

namespace SseFunctions.EventLog;

/// <summary>The settings <c>Telemetry__*</c>.</summary>
/// <param name="Topic">Whether measurements carry the topic's name: topics may be many, and their names may say something.</param>
internal sealed record TelemetryOptions(bool Topic = false)
{
    public const string TopicAttribute = "sse.topic";

    public static TelemetryOptions Read(SettingsReader reader) => new(reader.Flag("Telemetry:Topic", fallback: false));

    public KeyValuePair<string, object?>[] Tags(IEnumerable<Topic> topics, params KeyValuePair<string, object?>[] others) =>
        Topic ? [new(TopicAttribute, string.Join(", ", topics)), .. others] : others;

    public KeyValuePair<string, object?>[] Tags(Topic topic, params KeyValuePair<string, object?>[] others) =>
        Tags([topic], others);
}
