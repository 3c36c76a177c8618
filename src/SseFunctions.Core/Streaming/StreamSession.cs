using System.Diagnostics;
using System.IO.Pipelines;
using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>
/// One connection: a reader for each of its topics, and a deadline. It waits in one place for whatever comes first: an
/// event, a loaded range, a heartbeat, the deadline, the client's leaving, the host's stopping.
/// </summary>
internal sealed class StreamSession : IDisposable
{
    /// <summary>How long the heads may hold the response back: they decide between 200 and 204.</summary>
    private static readonly TimeSpan HeadWait = TimeSpan.FromMilliseconds(200);

    private readonly StreamRequest request;
    private readonly StreamOptions options;
    private readonly StreamTelemetry telemetry;
    private readonly KeyValuePair<string, object?>[] tags;
    private readonly Activity? activity;
    private readonly CancellationToken clientLeft;
    private readonly CancellationToken hostStopping;

    private readonly AsyncAutoResetEvent wake = new();
    private readonly StreamClock clock;
    private readonly StreamLifetime lifetime;
    private readonly StreamPosition? position;
    private readonly ITimer? timer;
    private readonly CancellationTokenRegistration onClientLeft;
    private readonly CancellationTokenRegistration onHostStopping;

    /// <summary>Whether the client is to get all there is and no more.</summary>
    private readonly bool endsCaughtUp;

    /// <summary>Whether it is known what there is for the client.</summary>
    private bool hasRead;

    private StreamEnd? end;

    public StreamSession(
        StreamRequest request,
        StreamAdmission admission,
        TopicFeedRegistry feeds,
        StreamOptions options,
        StreamTelemetry telemetry,
        TimeProvider time,
        CancellationToken clientLeft,
        CancellationToken hostStopping)
    {
        (this.request, this.options, this.telemetry) = (request, options, telemetry);
        (this.clientLeft, this.hostStopping) = (clientLeft, hostStopping);
        clock = new StreamClock(time);
        lifetime = StreamLifetime.Draw(options.Lifetime, options.FunctionTimeout, request.AccessLeft);
        endsCaughtUp = request.IsPoll || admission != StreamAdmission.Held;
        tags = telemetry.TagsOf(request);
        activity = telemetry.Started(tags);
        try
        {
            timer = clock.CreateTimer(Wake, wake);
            onClientLeft = clientLeft.UnsafeRegister(Wake, wake);
            onHostStopping = hostStopping.UnsafeRegister(Wake, wake);
            position = new StreamPosition(request.Topics, topic => new TopicReader(topic, feeds, wake, telemetry, tags, time) { Filter = request.Filter });
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What the stream failed of, when it did.</summary>
    public Exception? Fault { get; private set; }

    private StreamPosition Position => position!;

    /// <summary>When the stream ends by itself. A poll that has had no answer yet waits for one as long as it may.</summary>
    private TimeSpan Deadline => request.IsPoll && !hasRead ? lifetime.Limit : request.IsLongPoll ? Min(lifetime.Planned, options.LongPoll) : lifetime.Planned;

    /// <summary>
    /// Whether there is nothing for the client, nor will be: the topics are complete and it has all of them, or it wants only what
    /// goes on and nothing does. The answer is then 204, which ends an EventSource.
    /// </summary>
    public async Task<bool> IsOverAsync()
    {
        await Position.WaitForFirstAnswersAsync(HeadWait, clock.Time, clientLeft, hostStopping);
        if (!(request.IsForActive ? await IsInactiveAsync() : Position.IsFullyRead))
            return false;

        end = StreamEnd.TopicComplete;
        return true;
    }

    /// <summary>Ends the stream of a client that asks for the headers only.</summary>
    public void EndWithoutBody() => end = StreamEnd.CaughtUp;

    /// <summary>Streams until there is a reason to end, and gives it to a client that can still get it.</summary>
    /// <param name="output">The response's body.</param>
    /// <param name="abort">Cuts the connection off, and does not wait.</param>
    /// <param name="acknowledged">How many bytes the client has taken on its connection; null when nobody can say.</param>
    /// <param name="connection">Takes finished chunks of the same response; null where all goes through the body.</param>
    public Task<StreamEnd> RunAsync(PipeWriter output, Action abort, Func<long>? acknowledged = null, PipeWriter? connection = null) =>
        RunAsync(new ClientWriter(
            output, new WriteDeadline(options.WriteTimeout, lifetime.Limit, clock, acknowledged, abort, hostStopping), clock, clientLeft, connection));

    public void Dispose()
    {
        onClientLeft.Dispose();
        onHostStopping.Dispose();
        timer?.Dispose();
        position?.Dispose();
        telemetry.Ended(activity, tags, end ?? StreamEnd.Failed, clock.Elapsed);
    }

    private async Task<StreamEnd> RunAsync(ClientWriter writer)
    {
        using var client = writer;
        var events = new EventWriter(client, Position, staysLive: !endsCaughtUp, request.Filter is not null, clock, telemetry, tags);
        try
        {
            end = await StreamAsync(client, events);
        }
        catch (Exception ex) when (!client.IsCut && !client.IsWriting)
        {
            (end, Fault) = (StreamEnd.Failed, ex);
        }
        catch (Exception ex) when (ex is IOException || (client.IsCut && ex is OperationCanceledException))
        {
            end = StreamEnd.ClientLeft;
        }

        if (!client.IsCut && !client.IsClosed && !client.IsWriting)
            await WriteClosingFrameAsync(client, events, end.Value);

        if (client.IsTooSlow)
            end = StreamEnd.SlowClient;

        return end.Value;
    }

    /// <summary>Waits for the answer as long as the stream may last: whoever asks wants to know.</summary>
    private async Task<bool> IsInactiveAsync()
    {
        clock.Set(timer!, Deadline);
        while (!clientLeft.IsCancellationRequested && !hostStopping.IsCancellationRequested && clock.Elapsed < Deadline)
        {
            if (Position.ReadActive() is not FeedReadKind.Waiting and var kind)
                return kind == FeedReadKind.Complete;

            await wake.WaitAsync();
        }

        return false;
    }

    private async ValueTask WriteClosingFrameAsync(ClientWriter client, EventWriter events, StreamEnd reason)
    {
        try
        {
            if (reason != StreamEnd.Failed) // of what was to be written then, nobody knows how much was
                await events.WriteLastCursorAsync();

            await client.WriteAsync(ClosingFrame.For(reason, options.Retry, request.IsLongPoll));
        }
        catch (OperationCanceledException) when (client.IsCut)
        {
            end = StreamEnd.ClientLeft;
        }
    }

    private async Task<StreamEnd> StreamAsync(ClientWriter client, EventWriter events)
    {
        var (retry, comment) = (ReconnectionTime.Draw(options.Retry), $"topic {request}");
        await client.WriteAsync(request.MayHaveHalfFrame
            ? SseFrame.Resumption(retry, comment, Position.IsKnown ? Position.Id : null)
            : SseFrame.Retry(retry, comment));
        if (Position.Only is { } only && !request.IsLongPoll)
            only.Client = client; // not of several topics, whose ids are this stream's own

        while (true)
        {
            if (clientLeft.IsCancellationRequested || client.IsClosed)
                return StreamEnd.ClientLeft;

            if (hostStopping.IsCancellationRequested)
                return StreamEnd.HostStopping;

            if (clock.Elapsed >= Deadline)
                return StreamEnd.Lifetime;

            if (clock.Elapsed >= client.LastWrite + options.Heartbeat)
                await events.WriteHeartbeatAsync();

            var next = Position.Next(isLive: !endsCaughtUp, out var reader);
            hasRead |= next.Kind is not (FeedReadKind.Waiting or FeedReadKind.NotLoaded);
            switch (next.Kind)
            {
                case FeedReadKind.Frames when FlushWait(events) is { } wait && wait > TimeSpan.Zero:
                    SetTimer(client, wait);
                    await wake.WaitAsync();
                    continue;
                case FeedReadKind.Frames:
                    await events.WriteEventsAsync(reader!, next);
                    if (client.Answer?.TryMakeRoom() == false)
                        return StreamEnd.Lifetime;

                    continue;
                case FeedReadKind.Gap:
                    var isDeleted = next.Gap!.Reason == StreamGap.Deleted; // what is read is not kept while the stream waits
                    await events.WriteResetAsync(reader!, next);
                    if (isDeleted)
                        return StreamEnd.TopicDeleted;

                    continue;
                case FeedReadKind.TooManyTopics or FeedReadKind.TooManySearches:
                    return StreamEnd.AtCapacity;
                case FeedReadKind.StorageUnavailable:
                    return StreamEnd.StorageUnavailable;
                case FeedReadKind.CaughtUp or FeedReadKind.Complete:
                    var isComplete = next.Kind == FeedReadKind.Complete; // nor here
                    await events.OnCaughtUpAsync();
                    if (request.EndCaughtUp(isComplete, events.HasWritten, isHeld: !endsCaughtUp) is { } reason)
                        return reason;

                    SetTimer(client);
                    client.Exit(); // the feed may write to the client meanwhile
                    await wake.WaitAsync();
                    await client.EnterAsync();
                    continue;
                default:
                    SetTimer(client);
                    await wake.WaitAsync();
                    continue;
            }
        }
    }

    /// <summary>Sets when the stream wakes by itself: for a heartbeat, its end, or after so long.</summary>
    private void SetTimer(ClientWriter client, TimeSpan? max = null)
    {
        clock.Set(timer!, Min(client.LastWrite + options.Heartbeat, Min(Deadline, clock.Elapsed + max)));
    }

    /// <summary>How long to hold new events back. Several feeds wake a stream of several topics, each in its own rhythm.</summary>
    private TimeSpan? FlushWait(EventWriter events) =>
        events.IsLive && Position.Only is null ? events.LastEvents + options.FlushInterval - clock.Elapsed : null;

    private static void Wake(object? signal) => ((AsyncAutoResetEvent)signal!).Set();

    private static TimeSpan Min(TimeSpan a, TimeSpan? b) => b < a ? b.Value : a;
}
