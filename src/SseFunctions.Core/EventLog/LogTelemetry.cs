using System.Diagnostics;
using System.Diagnostics.Metrics;
using Azure.Core;
using Azure.Core.Pipeline;

namespace SseFunctions.EventLog;

/// <summary>What the log measures of itself. Never a payload, never a key.</summary>
internal sealed class LogTelemetry
{
    private static readonly ActivitySource Source = new(TelemetryNames.Source);

    private readonly TelemetryOptions options;
    private readonly Counter<long> appendedEvents;
    private readonly Counter<long> conflicts;
    private readonly Histogram<double> appendDuration;
    private readonly Counter<long> transactions;

    public LogTelemetry(IMeterFactory meters, TelemetryOptions options)
    {
        this.options = options;
        var meter = meters.Create(TelemetryNames.Source);
        appendedEvents = meter.CreateCounter<long>(TelemetryNames.AppendedEvents, "{event}", "Events appended by this process.");
        conflicts = meter.CreateCounter<long>(TelemetryNames.AppendConflicts, "{conflict}", "Transactions refused because another writer was faster, or the idempotency key was there already.");
        appendDuration = meter.CreateHistogram(TelemetryNames.AppendDuration, "s", "From the request to append to its result, waiting included.", advice: TelemetryNames.LatencyBuckets);
        transactions = meter.CreateCounter<long>(TelemetryNames.TableTransactions, "{transaction}", "Requests to Table Storage, tries that failed included.");
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
            new(TelemetryNames.MethodAttribute, message.Request.Method.Method),
            message.HasResponse ? new(TelemetryNames.StatusAttribute, message.Response.Status) : new(TelemetryNames.ErrorAttribute, "no_response"));
    }
}
