using System.Buffers;
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
    private readonly OpenStreams openStreams;
    private readonly TimeProvider time;
    private readonly StreamTelemetry telemetry;
    private readonly KeyValuePair<string, object?>[] tags;
    private readonly Activity? activity;
    private readonly CancellationToken clientLeft;
    private readonly CancellationToken hostStopping;

    private readonly AsyncAutoResetEvent wake = new();
    private readonly StreamPosition readers;
    private readonly bool isAdmitted;
    private readonly long start;
    private readonly StreamLifetime lifetime;
    private readonly ITimer timer;
    private readonly CancellationTokenRegistration onClientLeft;
    private readonly CancellationTokenRegistration onHostStopping;

    /// <summary>Whether the stream has once had all there was.</summary>
    private bool isLive;
    private long sentEvents;

    /// <summary>When events were written last, after the start; null before the first.</summary>
    private TimeSpan? lastEvents;
    private StreamEnd? end;

    public StreamSession(
        StreamRequest request,
        TopicFeedRegistry feeds,
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
        isAdmitted = openStreams.Enter();
        timer = time.CreateTimer(Wake, wake, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        onClientLeft = clientLeft.UnsafeRegister(Wake, wake);
        onHostStopping = hostStopping.UnsafeRegister(Wake, wake);
        tags = telemetry.TagsOf(request);
        readers = new StreamPosition([.. request.Topics.Select(place => new TopicReader(place, feeds, wake, telemetry, tags, time))]);
        activity = telemetry.Started(tags);
    }

    /// <summary>What the stream failed of, when it did.</summary>
    public Exception? Fault { get; private set; }

    private TimeSpan Elapsed => time.GetElapsedTime(start);

    /// <summary>How long to hold new events back. Several feeds push to a stream of several topics, each in its own rhythm.</summary>
    private TimeSpan? FlushWait => isLive && readers.Only is null ? lastEvents + options.FlushInterval - Elapsed : null;

    /// <summary>Whether the client is to get all there is and no more.</summary>
    private bool EndsCaughtUp => request.IsPoll || !isAdmitted;

    /// <summary>Whether the topics are complete and the client has all of them: the answer is then 204, which ends an EventSource.</summary>
    public async Task<bool> IsFullyReadAsync()
    {
        var answers = readers.FirstAnswers;
        if (!answers.IsCompleted)
        {
            using var waited = CancellationTokenSource.CreateLinkedTokenSource(clientLeft, hostStopping);
            await Task.WhenAny(answers, Task.Delay(HeadWait, time, waited.Token));
            await waited.CancelAsync();
        }

        if (!readers.IsFullyRead)
            return false;

        end = StreamEnd.TopicComplete;
        return true;
    }

    /// <summary>Ends the stream of a client that asks for the headers only.</summary>
    public void EndWithoutBody() => end = StreamEnd.CaughtUp;

    /// <summary>Streams until there is a reason to end, and says it to a client that can still hear it.</summary>
    /// <param name="output">The response's body.</param>
    /// <param name="abort">Cuts the connection off.</param>
    /// <param name="direct">Once the response has begun, where its chunks can be sent to as they are; null when nowhere.</param>
    public async Task<StreamEnd> RunAsync(PipeWriter output, Action abort, Func<SocketOutput?> direct)
    {
        using var client = new ClientWriter(output, abort, options.WriteTimeout, lifetime.Limit - Elapsed, time, clientLeft, hostStopping);
        try
        {
            end = await StreamAsync(client, direct);
        }
        catch (Exception fault) when (!client.IsCut && !client.IsWriting)
        {
            (end, Fault) = (StreamEnd.Failed, fault);
        }
        catch (Exception fault) when (client.IsCut && fault is OperationCanceledException or IOException)
        {
            end = StreamEnd.ClientLeft;
        }

        if (!client.IsCut && !client.IsClosed)
            await WriteClosingFrameAsync(client, end.Value);

        if (client.IsTooSlow)
            end = StreamEnd.SlowClient;

        return end.Value;
    }

    public void Dispose()
    {
        onClientLeft.Dispose();
        onHostStopping.Dispose();
        timer.Dispose();
        readers.Dispose();
        openStreams.Leave();
        telemetry.Ended(activity, tags, end ?? StreamEnd.Failed, Elapsed);
    }

    private async ValueTask WriteClosingFrameAsync(ClientWriter client, StreamEnd reason)
    {
        try
        {
            await client.WriteAsync(ClosingFrame.For(reason, options.Retry));
        }
        catch (OperationCanceledException) when (client.IsCut)
        {
            end = StreamEnd.ClientLeft;
        }
    }

    private async Task<StreamEnd> StreamAsync(ClientWriter client, Func<SocketOutput?> direct)
    {
        await client.WriteAsync(SseFrame.Retry(ReconnectionTime.Draw(options.Retry), $"topic {request}"));
        client.Direct = direct();
        while (true)
        {
            readers.Only?.TakeBack();
            await client.FinishPushAsync();
            if (clientLeft.IsCancellationRequested || client.IsClosed)
                return StreamEnd.ClientLeft;

            if (hostStopping.IsCancellationRequested)
                return StreamEnd.HostStopping;

            if (Elapsed >= lifetime.Planned)
                return StreamEnd.Lifetime;

            if (Elapsed >= client.LastWrite + options.Heartbeat)
                await client.WriteAsync(SseFrame.Heartbeat);

            var next = readers.Next(isLive: !EndsCaughtUp, out var reader);
            switch (next.Kind)
            {
                case FeedReadKind.Frames when FlushWait > TimeSpan.Zero:
                    await WaitAsync(client, FlushWait);
                    continue;
                case FeedReadKind.Frames:
                    await WriteEventsAsync(client, reader!, next);
                    continue;
                case FeedReadKind.Gap:
                    await WriteResetAsync(client, reader!, next);
                    continue;
                case FeedReadKind.StorageUnavailable:
                    return StreamEnd.StorageUnavailable;
                case FeedReadKind.CaughtUp or FeedReadKind.Complete:
                    await OnCaughtUpAsync(client);
                    if (next.Kind == FeedReadKind.Complete)
                        return StreamEnd.TopicComplete;

                    if (EndsCaughtUp)
                        return request.IsPoll ? StreamEnd.CaughtUp : StreamEnd.AtCapacity;

                    await WaitAsync(client, hasAll: true);
                    continue;
                default:
                    await WaitAsync(client);
                    continue;
            }
        }
    }

    private async ValueTask WriteEventsAsync(ClientWriter client, TopicReader reader, FeedRead read)
    {
        if (readers.Only is null)
        {
            await client.WriteAsync(Relabelled(reader, read));
        }
        else
        {
            Take(reader, read);
            await client.WriteAsync(read.Slice.Bytes);
        }

        readers.SetTold();
        lastEvents = Elapsed;
    }

    /// <summary>What there is of all topics, up to a slice's size, under ids that tell of all: one write.</summary>
    private ReadOnlyMemory<byte> Relabelled(TopicReader? reader, FeedRead read)
    {
        var output = new ArrayBufferWriter<byte>();
        while (read.Kind == FeedReadKind.Frames)
        {
            readers.Relabel(output, reader!, read.Slice);
            Take(reader!, read);
            read = output.WrittenCount < FrameSlice.MaxBytes ? readers.Next(isLive: !EndsCaughtUp, out reader) : default;
        }

        return output.WrittenMemory;
    }

    private void Take(TopicReader reader, FeedRead read)
    {
        var events = reader.MoveTo(read.Cursor);
        sentEvents += events;
        telemetry.Sent(tags, events, read.Slice.Bytes.Length);
        if (isLive)
            telemetry.Delivered(tags, read.Slice.NewestTime, time);
    }

    private async ValueTask WriteResetAsync(ClientWriter client, TopicReader reader, FeedRead read)
    {
        reader.MoveTo(read.Cursor);
        // While another topic's client is still to be told, it keeps its id: cut off now, it comes back and is told of all.
        var id = readers.HasUnknown ? null : readers.Id;
        await client.WriteAsync(SseFrame.Reset(reader.Topic, read.Gap!, id));
        telemetry.Reset(read.Gap!.Reason);
        if (id is not null)
            readers.SetTold();
    }

    /// <summary>The client has all there is: tells it where it is, if it does not know.</summary>
    private async ValueTask OnCaughtUpAsync(ClientWriter client)
    {
        if (!isLive)
            telemetry.CaughtUp(tags, sentEvents);

        isLive = true;
        if (readers.IsTold)
            return;

        // Without it, a client that has seen no event yet would come back without a cursor.
        await client.WriteAsync(SseFrame.Id(readers.Id));
        readers.SetTold();
    }

    /// <summary>
    /// Waits until it is woken, or for so long, or until a heartbeat or the end is due. When the stream has all there is, the
    /// feed writes new events to the client meanwhile; not those of several topics, whose ids are this stream's own.
    /// </summary>
    private ValueTask WaitAsync(ClientWriter client, TimeSpan? longest = null, bool hasAll = false)
    {
        var due = Least(client.LastWrite + options.Heartbeat, Least(lifetime.Planned, Elapsed + longest)) - Elapsed;
        timer.Change(due > TimeSpan.Zero ? due : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        if (hasAll)
            readers.Only?.Park(client);

        return wake.WaitAsync();
    }

    private static void Wake(object? signal) => ((AsyncAutoResetEvent)signal!).Set();

    private static TimeSpan Least(TimeSpan a, TimeSpan? b) => b < a ? b.Value : a;
}
