using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SseFunctions.EventLog;
using SseFunctions.Kestrel;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>Runs a stream on a request's connection.</summary>
internal sealed partial class StreamRunner(
    TopicFeedRegistry feeds,
    OpenStreams openStreams,
    StreamOptions options,
    StreamTelemetry telemetry,
    SseFunctionsBuilder sse,
    AnswerWriter answers,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<StreamRunner> logger) : IDisposable
{
    private readonly FairGate longPolls = new(LongPollAnswer.MaxSharedBytes);
    private readonly FaultTally faults = new(FaultTally.UsualInterval, time);

    public void Dispose() => faults.Dispose();

    /// <returns>The answer that is the stream.</returns>
    public IResult Open(StreamRequest request, CancellationToken invocationCancelled) => new Answer(this, request, invocationCancelled);

    /// <returns>The answer to a client that must come back later, and has no place among the streams until then.</returns>
    public IResult ComeBack(StreamEnd end) => new ClosedAnswer(ClosingFrame.For(end, options.Retry));

    /// <summary>What every stream response says to caches and proxies on its way.</summary>
    private static void SetHeaders(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache, no-store, no-transform";
        response.Headers["X-Accel-Buffering"] = "no"; // nginx would hold back what it takes for a page
    }

    /// <remarks>One method: each async method that awaits the stream keeps its state as long as the stream lives, and so does a linked token.</remarks>
    private async Task RunAsync(HttpContext context, StreamRequest request, CancellationToken invocationCancelled)
    {
        try
        {
            using var place = EnterStreams(context.Request);
            if (place.Admission == StreamAdmission.TurnedAway)
            {
                await TurnAwayAsync(context, request);
                return;
            }

            using var either = invocationCancelled.CanBeCanceled
                ? CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, invocationCancelled)
                : null;
            var left = either?.Token ?? context.RequestAborted;
            using var session = new StreamSession(request, place.Admission, feeds, options, telemetry, time, left, lifetime.ApplicationStopping);
            if (await session.IsOverAsync())
            {
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            }

            SetHeaders(context.Response);
            if (HttpMethods.IsHead(context.Request.Method))
                session.EndWithoutBody();
            else if (request.IsLongPoll)
                await AnswerAsync(context, session, request, left);
            else
            {
                context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
                using var rate = NoMinDataRate.For(context);
                await context.Response.StartAsync(CancellationToken.None); // its headers say whether it is in chunks
                var end = await session.RunAsync(context.Response.BodyWriter, context.Abort, AcknowledgedBytes.From(context), SocketOutput.ForChunks(context));
                Log(request, session, end);
            }
        }
        catch (Exception ex)
        {
            // The hosts do not log it: to them every client that leaves is a fault. The client comes back with its Last-Event-ID.
            AddFault(request, ex);
            if (context.Response.HasStarted)
                context.Abort();
            else
                await ComeBackAsync(context);
        }
    }

    /// <summary>What no limit asks for is not looked for: the address's text would be kept as long as the connection.</summary>
    private StreamPlace EnterStreams(HttpRequest request) => openStreams.Enter(
        options.MaxStreamsPerToken > 0 ? StreamClient.TokenOf(request) : null,
        options.MaxStreamsPerAddress > 0 ? StreamClient.AddressOf(request, sse.IsFunctionApp) : null);

    /// <summary>Before a feed is joined: a client too many costs no more than this.</summary>
    private async Task TurnAwayAsync(HttpContext context, StreamRequest request)
    {
        telemetry.TurnedAway(request);
        if (HttpProtocol.IsHttp11(context.Request.Protocol))
            context.Response.Headers.Connection = "close"; // there are only so many, and its client would keep it for minutes

        await ComeBack(StreamEnd.AtCapacity).ExecuteAsync(context);
    }

    /// <summary>Any status but 200 would end an EventSource for good.</summary>
    private Task ComeBackAsync(HttpContext context)
    {
        context.Response.ContentLength = null;
        return ComeBack(StreamEnd.Failed).ExecuteAsync(context);
    }

    /// <summary>A proxy that holds a response back until its end knows by its length when that is.</summary>
    private async Task AnswerAsync(HttpContext context, StreamSession session, StreamRequest request, CancellationToken left)
    {
        using var answer = new LongPollAnswer(longPolls);
        Log(request, session, await session.RunAsync(answer, context.Abort));
        context.Response.ContentLength = answer.Length;
        await answers.WriteAsync(
            context,
            async client =>
            {
                while (answer.TryTake(out var part))
                    await client.WriteAsync(part);
            },
            left);
    }

    private void Log(StreamRequest request, StreamSession session, StreamEnd end)
    {
        LogStreamEnded(request, end);
        if (session.Fault is not null)
            AddFault(request, session.Fault);
    }

    private void AddFault(StreamRequest request, Exception ex) => faults.Add(count => LogStreamFailed(request, count, ex));

    [LoggerMessage(EventId = 1, Level = LogLevel.Debug, Message = "A stream of topic {Topic} ended: {End}")]
    private partial void LogStreamEnded(StreamRequest topic, StreamEnd end);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "A stream of topic {Topic} failed ({Count} streams since the last such line)")]
    private partial void LogStreamFailed(StreamRequest topic, int count, Exception ex);

    private sealed class Answer(StreamRunner streams, StreamRequest request, CancellationToken invocationCancelled) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => streams.RunAsync(httpContext, request, invocationCancelled);
    }

    private sealed class ClosedAnswer(ReadOnlyMemory<byte> frame) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            SetHeaders(httpContext.Response);
            if (!HttpMethods.IsHead(httpContext.Request.Method))
                await httpContext.Response.BodyWriter.WriteAsync(frame, CancellationToken.None);
        }
    }
}
