using System.Diagnostics;
using System.Diagnostics.Metrics;
using Azure.Core;
using Azure.Core.Pipeline;

namespace SseFunctions.EventLog;

/// <summary>
/// What the log measures of itself, named after OpenTelemetry's conventions: opentelemetry.io/docs/specs/semconv/general/naming.
/// Never a payload, never a key.
/// </summary>
internal sealed class LogTelemetry
{
    /// <summary>The meter and the activity source of the whole app.</summary>
    public const string SourceName = "SseFunctions";

    public const string AppendedEvents = "sse.log.append.events";
    public const string AppendConflicts = "sse.log.append.conflicts";
    public const string AppendDuration = "sse.log.append.duration";
    public const string TableTransactions = "sse.log.table.transactions";

    public const string OutcomeAttribute = "sse.append.outcome";
    public const string ErrorAttribute = "error.type";
    private const string MethodAttribute = "http.request.method";
    private const string StatusAttribute = "http.response.status_code";

    /// <summary>In seconds, after the conventions' own for HTTP durations; an SDK's default bounds are for milliseconds.</summary>
    public static readonly InstrumentAdvice<double> LatencyBuckets = new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    };

    private static readonly ActivitySource Source = new(SourceName);

    private readonly TelemetryOptions options;
    private readonly Counter<long> appendedEvents;
    private readonly Counter<long> conflicts;
    private readonly Histogram<double> appendDuration;
    private readonly Counter<long> transactions;

    public LogTelemetry(IMeterFactory meters, TelemetryOptions options)
    {
        this.options = options;
        var meter = meters.Create(SourceName);
        appendedEvents = meter.CreateCounter<long>(AppendedEvents, "{event}", "Events appended by this process.");
        conflicts = meter.CreateCounter<long>(AppendConflicts, "{conflict}", "Transactions refused because another writer was faster, or the idempotency key was there already.");
        appendDuration = meter.CreateHistogram(AppendDuration, "s", "From the request to append to its result, waiting included.", advice: LatencyBuckets);
        transactions = meter.CreateCounter<long>(TableTransactions, "{transaction}", "Requests to Table Storage, tries that failed included.");
        CountTransactions = new CountingPolicy(this);
    }

    /// <summary>To be put into the storage client's pipeline, once a try.</summary>
    public HttpPipelinePolicy CountTransactions { get; }

    public static Activity? StartAppend() => Source.StartActivity("sse append", ActivityKind.Producer);

    public void Appended(Topic topic, int events, TimeSpan duration)
    {
        var tags = options.Tags(topic);
        appendedEvents.Add(events, tags);
        appendDuration.Record(duration.TotalSeconds, tags);
    }

    public void Conflicted(Topic topic) => conflicts.Add(1, options.Tags(topic));

    private sealed class CountingPolicy(LogTelemetry telemetry) : HttpPipelinePolicy
    {
        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            try
            {
                ProcessNext(message, pipeline);
            }
            finally
            {
                Count(message);
            }
        }

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            try
            {
                await ProcessNextAsync(message, pipeline);
            }
            finally
            {
                Count(message);
            }
        }

        private void Count(HttpMessage message) => telemetry.transactions.Add(
            1,
            new(MethodAttribute, message.Request.Method.Method),
            message.HasResponse ? new(StatusAttribute, message.Response.Status) : new(ErrorAttribute, "no_response"));
    }
}
