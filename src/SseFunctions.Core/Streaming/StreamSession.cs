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
    /// <summary>Bytes handed to the socket at a time: to take these is a slow client's progress. Only a frame that is larger needs several.</summary>
    private const int MaxWriteBytes = 64 * 1024;

    /// <summary>How long the head may hold the response back: it decides between 200 and 204.</summary>
    private static readonly TimeSpan HeadWait = TimeSpan.FromMilliseconds(200);

    /// <summary>What a client that takes no bytes gets when the host stops.</summary>
    private static readonly TimeSpan StoppingWriteTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Timers count whole milliseconds.</summary>
    private static readonly TimeSpan TimerResolution = TimeSpan.FromMilliseconds(1);

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

    /// <summary>Never disposed, since the timer may still call while the session is; it holds nothing that needs it.</summary>
    private readonly CancellationTokenSource cutWrite = new();
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
    private bool isOutputClosed;

    /// <summary>Whether a frame may have been written in part: nothing can follow it then.</summary>
    private bool isWriting;

    /// <summary>Whether the stream has once had all there was.</summary>
    private bool isLive;
    private long sentEvents;
    private StreamEnd? end;
    private long writeDeadlineTicks = long.MaxValue;

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
        timer = time.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        onClientLeft = clientLeft.UnsafeRegister(_ => OnClientLeft(), null);
        onHostStopping = hostStopping.UnsafeRegister(_ => OnHostStopping(), null);
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

        return !request.Start.IsUnknownId
            && feed.TryResolve(request.Start, out var resolved)
            && feed.Read(resolved, ticket).Kind == FeedReadKind.Complete;
    }

    /// <summary>Streams until there is a reason to end, and says it to a client that can still hear it.</summary>
    public async Task<StreamEnd> RunAsync(PipeWriter output)
    {
        try
        {
            await WriteAsync(output, SseFrame.Retry(ReconnectionTime.Draw(options.Retry), $"topic {request.Topic}"));
            var reason = await StreamUntilFaultAsync(output);
            if (reason is not (StreamEnd.ClientLeft or StreamEnd.SlowClient))
                await WriteAsync(output, StreamFarewell.For(reason, options.Retry));

            end = reason;
        }
        catch (OperationCanceledException) when (cutWrite.IsCancellationRequested)
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
        telemetry.Ended(tags, end, Elapsed);
        activity?.Dispose();
    }

    private async Task<StreamEnd> StreamUntilFaultAsync(PipeWriter output)
    {
        try
        {
            return await StreamAsync(output);
        }
        catch (Exception fault) when (!cutWrite.IsCancellationRequested && !isWriting)
        {
            Fault = fault;
            return StreamEnd.Failed;
        }
    }

    private async Task<StreamEnd> StreamAsync(PipeWriter output)
    {
        while (true)
        {
            if (clientLeft.IsCancellationRequested || isOutputClosed)
                return StreamEnd.ClientLeft;

            if (hostStopping.IsCancellationRequested)
                return StreamEnd.HostStopping;

            if (Elapsed >= lifetime.Planned)
                return StreamEnd.Lifetime;

            var read = Read();
            switch (read.Kind)
            {
                case FeedReadKind.Frames:
                    await WriteAsync(output, read.Slice.Bytes);
                    Measure(read);
                    cursor = told = read.Cursor;
                    continue;
                case FeedReadKind.Gap:
                    await WriteAsync(output, SseFrame.Reset(request.Topic, read.Gap!));
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
                        await WriteAsync(output, SseFrame.Id(read.Cursor));
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

            await WaitAsync(output);
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

    private async Task WaitAsync(PipeWriter output)
    {
        var untilHeartbeat = lastWrite + options.Heartbeat - Elapsed;
        if (untilHeartbeat <= TimeSpan.Zero)
        {
            await WriteAsync(output, SseFrame.Heartbeat);
            return;
        }

        var untilEnd = lifetime.Planned - Elapsed;
        var due = untilEnd < untilHeartbeat ? untilEnd : untilHeartbeat;
        timer.Change(due > TimeSpan.Zero ? due : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        await wake.WaitAsync();
    }

    private async ValueTask WriteAsync(PipeWriter output, ReadOnlyMemory<byte> bytes)
    {
        lastWrite = Elapsed;
        isWriting = true;
        while (!bytes.IsEmpty)
        {
            var chunk = bytes[..Math.Min(bytes.Length, MaxWriteBytes)];
            bytes = bytes[chunk.Length..];
            var write = output.WriteAsync(chunk, cutWrite.Token);
            if (!write.IsCompleted)
            {
                AllowWrite(options.WriteTimeout);
                if (hostStopping.IsCancellationRequested)
                    AllowWrite(StoppingWriteTimeout);
            }

            isOutputClosed = (await write).IsCompleted;
            Volatile.Write(ref writeDeadlineTicks, long.MaxValue);
        }

        isWriting = false;
    }

    /// <summary>Gives the write under way so long, and no longer than the platform gives the stream.</summary>
    private void AllowWrite(TimeSpan timeout)
    {
        var left = lifetime.Limit - Elapsed;
        var allowed = left < timeout ? left : timeout;
        allowed = allowed > TimeSpan.Zero ? allowed : TimeSpan.Zero;
        Volatile.Write(ref writeDeadlineTicks, (Elapsed + allowed).Ticks);
        timer.Change(allowed, Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        var deadline = Volatile.Read(ref writeDeadlineTicks);
        var left = TimeSpan.FromTicks(deadline) - Elapsed;
        if (deadline == long.MaxValue)
            wake.Set();
        else if (left > TimeSpan.Zero)
            timer.Change(left + TimerResolution, Timeout.InfiniteTimeSpan); // timers may fire some milliseconds early
        else
            cutWrite.Cancel();
    }

    private void OnClientLeft()
    {
        cutWrite.Cancel();
        wake.Set();
    }

    private void OnHostStopping()
    {
        if (Volatile.Read(ref writeDeadlineTicks) != long.MaxValue)
            AllowWrite(StoppingWriteTimeout);

        wake.Set();
    }
}
