using System.Diagnostics;
using System.Diagnostics.Metrics;
using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>What streams measure of themselves. Never a payload, never a token.</summary>
internal sealed class StreamTelemetry
{
    public const string ActiveStreams = "sse.stream.active";
    public const string StreamDuration = "sse.stream.duration";
    public const string SentEvents = "sse.stream.sent.events";
    public const string SentBytes = "sse.stream.sent.bytes";
    public const string CatchUp = "sse.stream.catch_up";
    public const string Resets = "sse.stream.resets";
    public const string DeliveryDuration = "sse.event.delivery.duration";

    public const string StartAttribute = "sse.stream.start";
    public const string EndAttribute = "sse.stream.end";
    public const string ReasonAttribute = "sse.reset.reason";

    /// <summary>In seconds, up to the 230 of Azure's front end.</summary>
    private static readonly InstrumentAdvice<double> StreamBuckets = new()
    {
        HistogramBucketBoundaries = [0.1, 1, 5, 15, 30, 60, 90, 120, 150, 180, 230],
    };

    private static readonly ActivitySource Source = new(LogTelemetry.SourceName);

    private readonly TelemetryOptions options;
    private readonly UpDownCounter<long> active;
    private readonly Histogram<double> duration;
    private readonly Counter<long> sentEvents;
    private readonly Counter<long> sentBytes;
    private readonly Histogram<long> catchUp;
    private readonly Counter<long> resets;
    private readonly Histogram<double> delivery;

    public StreamTelemetry(IMeterFactory meters, TelemetryOptions options)
    {
        this.options = options;
        var meter = meters.Create(LogTelemetry.SourceName);
        active = meter.CreateUpDownCounter<long>(ActiveStreams, "{stream}", "Streams that are open.");
        duration = meter.CreateHistogram(StreamDuration, "s", "How long streams lived, by how they started and why they ended.", advice: StreamBuckets);
        sentEvents = meter.CreateCounter<long>(SentEvents, "{event}", "Events written to clients.");
        sentBytes = meter.CreateCounter<long>(SentBytes, "By", "Bytes of these events.");
        catchUp = meter.CreateHistogram<long>(CatchUp, "{event}", "Events that a stream wrote before it had all there was.");
        resets = meter.CreateCounter<long>(Resets, "{reset}", "Gaps that streams reported, by reason.");
        delivery = meter.CreateHistogram(DeliveryDuration, "s", "From an event's append to its write to a live client, by the clocks of both machines; of events written together, the newest's.", advice: LogTelemetry.LatencyBuckets);
    }

    /// <summary>What a stream belongs to, as measurements carry it; made once a stream.</summary>
    public KeyValuePair<string, object?>[] TagsOf(StreamRequest request) =>
        options.Tags(request.Topics.Select(place => place.Topic), [new(StartAttribute, request.StartName)]);

    public Activity? Started(KeyValuePair<string, object?>[] tags)
    {
        active.Add(1);
        return Source.StartActivity("sse stream", ActivityKind.Server, default(ActivityContext), tags);
    }

    public void Ended(Activity? activity, KeyValuePair<string, object?>[] tags, StreamEnd end, TimeSpan lived)
    {
        var cause = NameOf(end);
        active.Add(-1);
        duration.Record(lived.TotalSeconds, [.. tags, new(EndAttribute, cause)]);
        activity?.SetTag(EndAttribute, cause);
        if (end == StreamEnd.Failed)
            activity?.SetStatus(ActivityStatusCode.Error);

        activity?.Dispose();
    }

    /// <summary>A stream that ended before it began.</summary>
    public void TurnedAway(StreamRequest request)
    {
        var tags = TagsOf(request);
        Ended(Started(tags), tags, StreamEnd.AtCapacity, TimeSpan.Zero);
    }

    public static string NameOf(StreamEnd end) => end switch
    {
        StreamEnd.ClientLeft => "client_left",
        StreamEnd.SlowClient => "slow_client",
        StreamEnd.Lifetime => "lifetime",
        StreamEnd.HostStopping => "host_stopping",
        StreamEnd.TopicComplete => "topic_complete",
        StreamEnd.TopicDeleted => "topic_deleted",
        StreamEnd.CaughtUp => "caught_up",
        StreamEnd.AtCapacity => "at_capacity",
        StreamEnd.StorageUnavailable => "storage_unavailable",
        StreamEnd.AccessUnknown => "access_unknown",
        _ => "failed",
    };

    public void Sent(KeyValuePair<string, object?>[] tags, long events, int bytes)
    {
        sentEvents.Add(events, tags);
        sentBytes.Add(bytes, tags);
    }

    public void CaughtUp(KeyValuePair<string, object?>[] tags, long events) => catchUp.Record(events, tags);

    public void Reset(string reason) => resets.Add(1, new KeyValuePair<string, object?>(ReasonAttribute, reason));

    public void Delivered(KeyValuePair<string, object?>[] tags, DateTimeOffset appended, TimeProvider time)
    {
        if (delivery.Enabled)
            delivery.Record(Math.Max(0, (time.GetUtcNow() - appended).TotalSeconds), tags);
    }
}
