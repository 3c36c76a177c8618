using System.Diagnostics;
using System.IO.Pipelines;
using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>
/// One connection: a cursor into its topic's feed, and a deadline. It waits in one place for whatever comes first: an
/// event, a loaded range, a heartbeat, the deadline, the client's leaving, the host's stopping.
/// </summary>
internal sealed class StreamSession : IDisposable
{
    /// <summary>How long the head may hold the response back: it decides between 200 and 204.</summary>
    private static readonly TimeSpan HeadWait = TimeSpan.FromMilliseconds(200);

    private readonly StreamRequest request;
    private readonly StreamOptions options;
    private readonly OpenStreams openStreams;
    private readonly TimeProvider time;
    private readonly StreamTelemetry telemetry;
    private readonly KeyValuePair<string, object?>[] tags;
    private readonly Activity? activity;
    private readonly CancellationToken clientLeft;
    private readonly CancellationToken hostStopping;

    private readonly WakeSignal wake = new();
    private readonly TopicFeed feed;
    private readonly long ticket;
    private readonly bool isAdmitted;
    private readonly long start;
    private readonly StreamLifetime lifetime;
    private readonly ITimer timer;
    private readonly CancellationTokenRegistration onClientLeft;
    private readonly CancellationTokenRegistration onHostStopping;

    private EventId? cursor;

    /// <summary>The last event ID that the client holds, as far as this stream knows.</summary>
    private EventId? told;
    private Task<FrameRun?>? load;
    private TimeSpan lastWrite;

    /// <summary>Whether the stream has once had all there was.</summary>
    private bool isLive;
    private long sentEvents;
    private StreamEnd? end;

    public StreamSession(
        StreamRequest request,
        TopicFeeds feeds,
        OpenStreams openStreams,
        StreamOptions options,
        StreamTelemetry telemetry,
        TimeProvider time,
        CancellationToken clientLeft,
        CancellationToken hostStopping)
    {
        (this.request, this.openStreams, this.options, this.telemetry, this.time) = (request, openStreams, options, telemetry, time);
        (this.clientLeft, this.hostStopping) = (clientLeft, hostStopping);
        start = time.GetTimestamp();
        lifetime = StreamLifetime.Draw(options.Lifetime, options.FunctionTimeout, request.AccessLeft);
        told = request.Start.After;
        isAdmitted = openStreams.Enter();
        (feed, ticket) = feeds.Join(request.Topic, wake);
        timer = time.CreateTimer(_ => wake.Set(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        onClientLeft = clientLeft.UnsafeRegister(_ => wake.Set(), null);
        onHostStopping = hostStopping.UnsafeRegister(_ => wake.Set(), null);
        tags = telemetry.TagsOf(request);
        activity = telemetry.Started(tags);
    }

    /// <summary>What the stream failed of, when it did.</summary>
    public Exception? Fault { get; private set; }

    private TimeSpan Elapsed => time.GetElapsedTime(start);

    /// <summary>Whether the topic is complete and the client has all of it: the answer is then 204, which ends an EventSource.</summary>
    public async Task<bool> IsFullyReadAsync()
    {
        if (!feed.FirstAnswer.IsCompleted)
        {
            using var waited = CancellationTokenSource.CreateLinkedTokenSource(clientLeft, hostStopping);
            await Task.WhenAny(feed.FirstAnswer, Task.Delay(HeadWait, time, waited.Token));
            await waited.CancelAsync();
        }

        var isFullyRead = !request.Start.IsUnknownId
            && feed.TryResolve(request.Start, out var resolved)
            && feed.Read(resolved, ticket).Kind == FeedReadKind.Complete;
        if (isFullyRead)
            end = StreamEnd.TopicComplete;

        return isFullyRead;
    }

    /// <summary>Streams until there is a reason to end, and says it to a client that can still hear it.</summary>
    public async Task<StreamEnd> RunAsync(PipeWriter output)
    {
        using var client = new ClientWriter(output, options.WriteTimeout, lifetime.Limit - Elapsed, time, clientLeft, hostStopping);
        try
        {
            await WriteAsync(client, SseFrame.Retry(ReconnectionTime.Draw(options.Retry), $"topic {request.Topic}"));
            var reason = await StreamUntilFaultAsync(client);
            if (reason is not (StreamEnd.ClientLeft or StreamEnd.SlowClient))
                await WriteAsync(client, StreamFarewell.For(reason, options.Retry));

            end = reason;
        }
        catch (OperationCanceledException) when (client.IsCut)
        {
            end = clientLeft.IsCancellationRequested ? StreamEnd.ClientLeft : StreamEnd.SlowClient;
        }

        return end.Value;
    }

    public void Dispose()
    {
        onClientLeft.Dispose();
        onHostStopping.Dispose();
        timer.Dispose();
        feed.Leave(wake);
        openStreams.Leave();
        telemetry.Ended(activity, tags, end ?? StreamEnd.Failed, Elapsed);
    }

    private async Task<StreamEnd> StreamUntilFaultAsync(ClientWriter client)
    {
        try
        {
            return await StreamAsync(client);
        }
        catch (Exception fault) when (!client.IsCut && !client.IsWriting)
        {
            Fault = fault;
            return StreamEnd.Failed;
        }
    }

    private async Task<StreamEnd> StreamAsync(ClientWriter client)
    {
        while (true)
        {
            if (clientLeft.IsCancellationRequested || client.IsClosed)
                return StreamEnd.ClientLeft;

            if (hostStopping.IsCancellationRequested)
                return StreamEnd.HostStopping;

            if (Elapsed >= lifetime.Planned)
                return StreamEnd.Lifetime;

            var read = Read();
            switch (read.Kind)
            {
                case FeedReadKind.Frames:
                    await WriteAsync(client, read.Slice.Bytes);
                    Measure(read);
                    cursor = told = read.Cursor;
                    continue;
                case FeedReadKind.Gap:
                    await WriteAsync(client, SseFrame.Reset(request.Topic, read.Gap!));
                    telemetry.Reset(read.Gap!.Reason);
                    cursor = told = read.Cursor;
                    continue;
                case FeedReadKind.NotLoaded:
                    load ??= BeginLoad();
                    break;
                case FeedReadKind.StorageUnavailable:
                    return StreamEnd.StorageUnavailable;
                case FeedReadKind.CaughtUp or FeedReadKind.Complete:
                    cursor = read.Cursor;
                    if (!isLive)
                        telemetry.CaughtUp(tags, sentEvents);

                    isLive = true;
                    if (told != cursor)
                    {
                        // Without it, a client that has seen no event yet would come back without a cursor.
                        await WriteAsync(client, SseFrame.Id(read.Cursor));
                        told = cursor;
                    }

                    if (read.Kind == FeedReadKind.Complete)
                        return StreamEnd.TopicComplete;

                    if (request.IsPoll)
                        return StreamEnd.CaughtUp;

                    if (!isAdmitted)
                        return StreamEnd.AtCapacity;

                    break;
                default:
                    break;
            }

            await WaitAsync(client);
        }
    }

    private void Measure(FeedRead read)
    {
        var events = cursor is { } from && from.Epoch == read.Cursor.Epoch ? read.Cursor.Sequence - from.Sequence : read.Cursor.Sequence;
        sentEvents += events;
        telemetry.Sent(tags, events, read.Slice.Bytes.Length);
        if (isLive)
            telemetry.Delivered(tags, time.GetUtcNow() - read.Slice.NewestTime);
    }

    private FeedRead Read()
    {
        FrameRun? run = null;
        if (load is { IsCompleted: true } loaded)
        {
            load = null;
            if (!loaded.IsCompletedSuccessfully)
                return new(FeedReadKind.StorageUnavailable, cursor.GetValueOrDefault());

            run = loaded.Result;
        }

        if (cursor is null)
        {
            if (!feed.TryResolve(request.Start, out var resolved))
                return feed.Read(resolved, ticket);

            cursor = resolved;
            if (request.Start.IsUnknownId)
                return new(FeedReadKind.Gap, resolved, Gap: new StreamGap(StreamGap.Unknown, null, resolved));
        }

        var read = feed.Read(cursor.Value, ticket);
        if (read.Kind != FeedReadKind.NotLoaded)
            return read;

        cursor = read.Cursor;
        if (run is null || run.Epoch != read.Cursor.Epoch || read.Cursor.Sequence < run.First - 1 || read.Cursor.Sequence >= run.Last)
            return read;

        // What was just loaded has already had to make room for something else: take it from the hand.
        var slice = run.From(read.Cursor.Sequence + 1);
        return new(FeedReadKind.Frames, read.Cursor with { Sequence = slice.Last }, slice);
    }

    private Task<FrameRun?> BeginLoad()
    {
        var begun = feed.LoadAsync(cursor.GetValueOrDefault());
        begun.GetAwaiter().UnsafeOnCompleted(wake.Set);
        return begun;
    }

    private async Task WaitAsync(ClientWriter client)
    {
        var untilHeartbeat = lastWrite + options.Heartbeat - Elapsed;
        if (untilHeartbeat <= TimeSpan.Zero)
        {
            await WriteAsync(client, SseFrame.Heartbeat);
            return;
        }

        var untilEnd = lifetime.Planned - Elapsed;
        var due = untilEnd < untilHeartbeat ? untilEnd : untilHeartbeat;
        timer.Change(due > TimeSpan.Zero ? due : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        await wake.WaitAsync();
    }

    private ValueTask WriteAsync(ClientWriter client, ReadOnlyMemory<byte> frames)
    {
        lastWrite = Elapsed;
        return client.WriteAsync(frames);
    }
}
