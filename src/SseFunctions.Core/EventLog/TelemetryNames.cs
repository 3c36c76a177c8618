using System.Diagnostics.Metrics;

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
    public const string AppendedEvents = "sse.log.append.events";
    public const string AppendConflicts = "sse.log.append.conflicts";
    public const string AppendDuration = "sse.log.append.duration";
    public const string TableTransactions = "sse.log.table.transactions";

    /// <summary>In seconds, after the conventions' own for HTTP durations; an SDK's default bounds are for milliseconds.</summary>
    public static readonly InstrumentAdvice<double> LatencyBuckets = new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    };

    /// <summary>In seconds, up to the 230 of Azure's front end.</summary>
    public static readonly InstrumentAdvice<double> StreamBuckets = new()
    {
        HistogramBucketBoundaries = [0.1, 1, 5, 15, 30, 60, 90, 120, 150, 180, 230],
    };

    /// <summary>Only where Telemetry__Topic is true: topics may be many, and their names may say something.</summary>
    public const string TopicAttribute = "sse.topic";
    public const string StartAttribute = "sse.stream.start";
    public const string EndAttribute = "sse.stream.end";
    public const string ReasonAttribute = "sse.reset.reason";
    public const string AppendOutcome = "sse.append.outcome";
    public const string ErrorAttribute = "error.type";
    public const string MethodAttribute = "http.request.method";
    public const string StatusAttribute = "http.response.status_code";
}
