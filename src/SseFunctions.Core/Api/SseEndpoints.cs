using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SseFunctions.Access;
using SseFunctions.EventLog;
using SseFunctions.Kestrel;
using SseFunctions.Pages;
using SseFunctions.Publishing;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>What both hosts call, a method a route. Each answers whatever comes; none throws for what a client sends.</summary>
public sealed partial class SseEndpoints
{
    /// <summary>When a publisher may try again after storage failed.</summary>
    private const string RetryAfterSeconds = "5";

    /// <summary>When a publisher may try again after too many wrote at once: a few transactions later.</summary>
    private const string RetryAfterBusySeconds = "1";

    private readonly TableEventLog log;
    private readonly TopicFeedRegistry feeds;
    private readonly OpenStreams openStreams;
    private readonly ReadAccess access;
    private readonly StreamOptions options;
    private readonly StreamTelemetry telemetry;
    private readonly IHostApplicationLifetime lifetime;
    private readonly TimeProvider time;
    private readonly ILogger<SseEndpoints> logger;

    internal SseEndpoints(
        TableEventLog log,
        TopicFeedRegistry feeds,
        OpenStreams openStreams,
        ReadAccess access,
        StreamOptions options,
        StreamTelemetry telemetry,
        IHostApplicationLifetime lifetime,
        TimeProvider time,
        ILogger<SseEndpoints> logger)
    {
        (this.log, this.feeds, this.openStreams, this.access) = (log, feeds, openStreams, access);
        (this.options, this.telemetry, this.lifetime, this.time, this.logger) = (options, telemetry, lifetime, time, logger);
    }

    /// <summary>GET events/{topic}: streams the topic.</summary>
    /// <param name="context">The request.</param>
    /// <param name="topicName">From the route.</param>
    /// <param name="invocationCancelled">Fires at functionTimeout, when the request's own token does not.</param>
    public Task StreamAsync(HttpContext context, string topicName, CancellationToken invocationCancelled) =>
        StreamAsync(context, [topicName], invocationCancelled);

    /// <summary>GET events?topic=a&amp;topic=b: streams several topics on one connection.</summary>
    /// <param name="context">The request.</param>
    /// <param name="invocationCancelled">Fires at functionTimeout, when the request's own token does not.</param>
    public async Task StreamTopicsAsync(HttpContext context, CancellationToken invocationCancelled)
    {
        var names = StreamQuery.Topics(context.Request);
        if (names.Length is 0 or > StreamRequest.MaxTopics)
        {
            var detail = $"the query names {names.Length} topics; 1 to {StreamRequest.MaxTopics} are allowed, as in ?topic=a&topic=b.";
            await Problem.BadField("topic", detail, StreamRequest.MaxTopics, names.Length).ExecuteAsync(context);
            return;
        }

        await StreamAsync(context, names, invocationCancelled);
    }

    private async Task StreamAsync(HttpContext context, IReadOnlyList<string> topicNames, CancellationToken invocationCancelled)
    {
        var topics = new List<Topic>();
        TimeSpan? accessLeft = null; // the least of the topics'
        foreach (var name in topicNames)
        {
            var (topic, timeLeft, problem) = await ReadableAsync(context, name);
            if (topic is null)
            {
                await problem!.ExecuteAsync(context);
                return;
            }

            topics.Add(topic);
            accessLeft = timeLeft is null || accessLeft < timeLeft ? accessLeft : timeLeft;
        }

        var (request, badQuery) = StreamQuery.Read(context.Request, topics, accessLeft);
        if (request is null)
        {
            await badQuery!.ExecuteAsync(context);
            return;
        }

        var client = StreamClient.From(context.Request);
        using var place = openStreams.Enter(client.Token, client.Address);
        if (place.Admission == StreamAdmission.TurnedAway)
        {
            telemetry.TurnedAway(request);
            StreamQuery.SetHeaders(context.Response);
            await context.Response.BodyWriter.WriteAsync(ClosingFrame.For(StreamEnd.AtCapacity, options.Retry), CancellationToken.None);
            return;
        }

        using var left = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, invocationCancelled);
        using var session = new StreamSession(request, place.Admission, feeds, options, telemetry, time, left.Token, lifetime.ApplicationStopping);
        if (await session.IsFullyReadAsync())
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        await RunAsync(context, session, request);
    }

    /// <summary>OPTIONS events/{topic}: whether a webhook may deliver to the topic.</summary>
    public static IResult Handshake(HttpContext context, string topicName) =>
        Topic.TryParse(topicName, out _) ? WebhookHandshake.Answer(context) : BadTopic(topicName);

    /// <summary>POST events/{topic}: publishes events, all or none.</summary>
    /// <param name="context">The request.</param>
    /// <param name="topicName">From the route.</param>
    /// <param name="invocationCancelled">Fires at functionTimeout, when the request's own token does not.</param>
    public async Task<IResult> PublishAsync(HttpContext context, string topicName, CancellationToken invocationCancelled)
    {
        if (!Topic.TryParse(topicName, out var topic))
            return BadTopic(topicName);

        if (PublishBody.For(context.Request.ContentType) is not { } kind)
        {
            return Problem.Of(
                StatusCodes.Status415UnsupportedMediaType,
                "Unsupported media type",
                $"Content-Type must be one of {string.Join(", ", PublishBody.MediaTypes)}, in UTF-8.",
                "Content-Type");
        }

        try
        {
            var key = IdempotencyKey.Read(context.Request.Headers);
            var (body, problem) = await BoundedBody.ReadAsync(context, kind.IsBatch ? "body" : "data", kind.MaxBytes, invocationCancelled);
            if (problem is not null)
                return problem;

            var type = context.Request.Query["type"].ToString();
            var events = kind.Read(body, type.Length == 0 ? null : type);
            // From here on the publisher's leaving changes nothing: an append that may have begun is brought to its end.
            return Answer(topic, await log.AppendAsync(topic, events, key, lifetime.ApplicationStopping));
        }
        catch (EventLimitException fault)
        {
            return fault is { TooLarge: true, Field: "data" or "events" }
                ? Problem.Of(StatusCodes.Status413PayloadTooLarge, "Content too large", fault.Message, fault.Field, fault.Limit, fault.Size)
                : Problem.BadField(fault.Field, fault.Message, fault.Limit, fault.Size);
        }
        catch (FormatException fault)
        {
            return Problem.BadField("body", fault.Message);
        }
        catch (EventLogUnavailableException fault)
        {
            return StorageUnavailable(context, fault);
        }
        catch (OperationCanceledException)
        {
            return context.RequestAborted.IsCancellationRequested ? TypedResults.Empty : StorageUnavailable(context, null);
        }
    }

    /// <summary>GET topics/{topic}: what the topic holds.</summary>
    public async Task<IResult> TopicAsync(HttpContext context, string topicName)
    {
        context.Response.Headers.CacheControl = "no-store"; // it may be for this reader alone
        var (topic, _, problem) = await ReadableAsync(context, topicName);
        if (topic is null)
            return problem!;

        try
        {
            return TypedResults.Json(TopicState.Of(topic, await log.ReadHeadAsync(topic, context.RequestAborted)));
        }
        catch (EventLogUnavailableException fault)
        {
            return StorageUnavailable(context, fault);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return TypedResults.Empty;
        }
    }

    /// <summary>POST topics/{topic}/complete: no more events.</summary>
    public async Task<IResult> CompleteAsync(HttpContext context, string topicName)
    {
        if (!Topic.TryParse(topicName, out var topic))
            return BadTopic(topicName);

        try
        {
            return TypedResults.Json(TopicState.Of(topic, await log.CompleteAsync(topic, lifetime.ApplicationStopping)));
        }
        catch (EventLogUnavailableException fault)
        {
            return StorageUnavailable(context, fault);
        }
        catch (OperationCanceledException)
        {
            return StorageUnavailable(context, null);
        }
    }

    /// <summary>GET health: 200 when the table can be reached, else 503.</summary>
    public async Task<IResult> HealthAsync(HttpContext context)
    {
        using var patience = new CancellationTokenSource(HealthState.Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, context.RequestAborted);
        var isReachable = true;
        try
        {
            await log.PingAsync(either.Token);
        }
        catch (Exception fault) when (fault is EventLogUnavailableException or OperationCanceledException)
        {
            isReachable = false;
        }

        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(
            new HealthState(isReachable ? "reachable" : "unreachable", openStreams.Count),
            statusCode: isReachable ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    /// <summary>GET demo: the page of the classic example.</summary>
    public static IResult Demo() => EmbeddedPage.Demo;

    /// <summary>GET client.js: the optional client.</summary>
    public static IResult Client() => EmbeddedPage.Client;

    private async Task RunAsync(HttpContext context, StreamSession session, StreamRequest request)
    {
        StreamQuery.SetHeaders(context.Response);
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        // WriteTimeout is this app's word on slow clients; Kestrel's own would cut them off earlier.
        var rate = context.Features.Get<IHttpMinResponseDataRateFeature>();
        var least = rate?.MinDataRate;
        if (rate is not null)
            rate.MinDataRate = null;

        try
        {
            var end = await session.RunAsync(context.Response.BodyWriter, context.Abort, AcknowledgedBytes.From(context));
            LogStreamEnded(request, end);
            if (session.Fault is not null)
                LogStreamFailed(request, session.Fault);
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The response cannot be written any more; the client comes back with its Last-Event-ID.
            LogStreamFailed(request, fault);
            context.Abort();
        }

        if (rate is not null)
            rate.MinDataRate = least; // for the response's last chunk, which the session does not watch over
    }

    /// <returns>The topic and how long it may be read (null without end), or the problem with that.</returns>
    private async Task<(Topic? Topic, TimeSpan? AccessLeft, IResult? Problem)> ReadableAsync(HttpContext context, string topicName)
    {
        if (!Topic.TryParse(topicName, out var topic))
            return (null, null, BadTopic(topicName));

        var granted = await access.CheckAsync(topic, context.Request);
        var problem = AccessProblem.Of(granted, context.Response);
        return (problem is null ? topic : null, granted.Left, problem);
    }

    private static ProblemHttpResult BadTopic(string topicName) =>
        Problem.BadField("topic", $"the topic has {topicName.Length} characters or some that are not allowed: it is {Topic.Rule}.", Topic.MaxLength, topicName.Length);

    private static IResult Answer(Topic topic, AppendResult result) => result.Outcome switch
    {
        AppendOutcome.TopicComplete => Problem.Of(StatusCodes.Status409Conflict, "Topic complete", $"Topic '{topic}' is complete and takes no more events.", "topic"),
        AppendOutcome.KeyReused => Problem.Of(
            StatusCodes.Status422UnprocessableEntity,
            "Idempotency key reused",
            "the key was used before, for other events of this topic. Nothing was written.",
            IdempotencyKey.Header),
        var outcome => TypedResults.Json(
            new { ids = result.Ids.Select(id => id.ToString()) },
            statusCode: outcome == AppendOutcome.Appended ? StatusCodes.Status201Created : StatusCodes.Status200OK),
    };

    private ProblemHttpResult StorageUnavailable(HttpContext context, EventLogUnavailableException? fault)
    {
        if (fault is not null)
            LogStorageUnavailable(fault.Message);

        if (fault is EventLogBusyException)
        {
            context.Response.Headers.RetryAfter = RetryAfterBusySeconds;
            return Problem.Of(StatusCodes.Status503ServiceUnavailable, "Too many writes", $"{fault.Message} Nothing was written. Try again.", "topic");
        }

        context.Response.Headers.RetryAfter = RetryAfterSeconds;
        return Problem.Of(
            StatusCodes.Status503ServiceUnavailable,
            "Storage unavailable",
            "the table could not be reached in time. A write may have been made all the same. Try again.");
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Debug, Message = "A stream of topic {Topic} ended: {End}")]
    private partial void LogStreamEnded(StreamRequest topic, StreamEnd end);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "A stream of topic {Topic} failed")]
    private partial void LogStreamFailed(StreamRequest topic, Exception fault);

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning, Message = "A request was answered 503: {Fault}")]
    private partial void LogStorageUnavailable(string fault);
}
