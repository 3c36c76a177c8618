namespace SseFunctions.EventLog;

/// <summary>Names of what this app measures, after OpenTelemetry's conventions: opentelemetry.io/docs/specs/semconv/general/naming.</summary>
internal static class TelemetryNames
{
    /// <summary>The meter and the activity source.</summary>
    public const string Source = "SseFunctions";

    public const string ActiveStreams = "sse.stream.active";
    public const string StreamDuration = "sse.stream.duration";
    public const string SentEvents = "sse.stream.sent.events";
    public const string SentBytes = "sse.stream.sent.bytes";
    public const string CatchUp = "sse.stream.catch_up";
    public const string Resets = "sse.stream.resets";
    public const string DeliveryDuration = "sse.event.delivery.duration";
    public const string AppendedEvents = "sse.log.appended_events";
    public const string AppendConflicts = "sse.log.append.conflicts";
    public const string AppendDuration = "sse.log.append.duration";
    public const string TableTransactions = "sse.log.table.transactions";

    /// <summary>Only where Telemetry__Topic is true: topics may be many, and their names may say something.</summary>
    public const string TopicAttribute = "sse.topic";
    public const string StartAttribute = "sse.stream.start";
    public const string EndAttribute = "sse.stream.end";
    public const string ReasonAttribute = "sse.reset.reason";
    public const string AppendOutcome = "sse.append.outcome";
    public const string MethodAttribute = "http.request.method";
    public const string StatusAttribute = "http.response.status_code";
}
