using System.Diagnostics;
using System.Diagnostics.Metrics;
using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>What streams measure of themselves. Never a payload, never a token.</summary>
internal sealed class StreamTelemetry
{
    private static readonly ActivitySource Source = new(TelemetryNames.Source);

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
        var meter = meters.Create(TelemetryNames.Source);
        active = meter.CreateUpDownCounter<long>(TelemetryNames.ActiveStreams, "{stream}", "Streams that are open.");
        duration = meter.CreateHistogram(TelemetryNames.StreamDuration, "s", "How long streams lived, by how they started and why they ended.", advice: TelemetryNames.StreamBuckets);
        sentEvents = meter.CreateCounter<long>(TelemetryNames.SentEvents, "{event}", "Events written to clients.");
        sentBytes = meter.CreateCounter<long>(TelemetryNames.SentBytes, "By", "Bytes of these events.");
        catchUp = meter.CreateHistogram<long>(TelemetryNames.CatchUp, "{event}", "Events that a stream wrote before it had all there was.");
        resets = meter.CreateCounter<long>(TelemetryNames.Resets, "{reset}", "Gaps that streams reported, by reason.");
        delivery = meter.CreateHistogram(TelemetryNames.DeliveryDuration, "s", "From an event's append to its write to a live client, by the clocks of both machines; of events written together, the newest's.", advice: TelemetryNames.LatencyBuckets);
    }

    /// <summary>What a stream belongs to, as measurements carry it; made once a stream.</summary>
    public KeyValuePair<string, object?>[] TagsOf(StreamRequest request) =>
        options.Tags(request.Topics.Select(place => place.Topic), [new(TelemetryNames.StartAttribute, request.StartName)]);

    public Activity? Started(KeyValuePair<string, object?>[] tags)
    {
        active.Add(1);
        return Source.StartActivity("sse stream", ActivityKind.Server, default(ActivityContext), tags);
    }

    public void Ended(Activity? activity, KeyValuePair<string, object?>[] tags, StreamEnd end, TimeSpan lived)
    {
        var cause = NameOf(end);
        active.Add(-1);
        duration.Record(lived.TotalSeconds, [.. tags, new(TelemetryNames.EndAttribute, cause)]);
        activity?.SetTag(TelemetryNames.EndAttribute, cause);
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

    private static string NameOf(StreamEnd end) => end switch
    {
        StreamEnd.ClientLeft => "client_left",
        StreamEnd.SlowClient => "slow_client",
        StreamEnd.Lifetime => "lifetime",
        StreamEnd.HostStopping => "host_stopping",
        StreamEnd.TopicComplete => "topic_complete",
        StreamEnd.CaughtUp => "caught_up",
        StreamEnd.AtCapacity => "at_capacity",
        StreamEnd.StorageUnavailable => "storage_unavailable",
        _ => "failed",
    };

    public void Sent(KeyValuePair<string, object?>[] tags, long events, int bytes)
    {
        sentEvents.Add(events, tags);
        sentBytes.Add(bytes, tags);
    }

    public void CaughtUp(KeyValuePair<string, object?>[] tags, long events) => catchUp.Record(events, tags);

    public void Reset(string reason) => resets.Add(1, new KeyValuePair<string, object?>(TelemetryNames.ReasonAttribute, reason));

    public void Delivered(KeyValuePair<string, object?>[] tags, DateTimeOffset appended, TimeProvider time)
    {
        if (delivery.Enabled)
            delivery.Record(Math.Max(0, (time.GetUtcNow() - appended).TotalSeconds), tags);
    }
}
