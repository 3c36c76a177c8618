using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using SseFunctions.Access;
using SseFunctions.EventLog;
using SseFunctions.Publishing;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>
/// POST and OPTIONS events/{topic}, and POST topics/{topic}/events: publishes events, all or none, and says that a webhook may.
/// </summary>
public sealed class PublishEndpoint
{
    /// <summary>How long a body may take to come, its wait for its turn included: as long as Azure's front end gives it.</summary>
    private static readonly TimeSpan BodyTimeout = StreamLifetime.FrontEndLimit;

    private readonly TableEventLog log;
    private readonly AuthorizerCall authorizer;
    private readonly PublishLimits limits;
    private readonly SseFunctionsBuilder sse;
    private readonly ErrorAnswers errors;
    private readonly IHostApplicationLifetime lifetime;
    private readonly TimeProvider time;

    internal PublishEndpoint(
        TableEventLog log, AuthorizerCall authorizer, PublishLimits limits, SseFunctionsBuilder sse, ErrorAnswers errors, IHostApplicationLifetime lifetime, TimeProvider time) =>
        (this.log, this.authorizer, this.limits, this.sse, this.errors, this.lifetime, this.time) = (log, authorizer, limits, sse, errors, lifetime, time);

    /// <summary>Publishes events, all or none. Who calls this has decided that the request may.</summary>
    /// <param name="topicName">From the route.</param>
    /// <param name="invocationCancelled">Fires at functionTimeout, when the request's own token does not.</param>
    public Task<IResult> PublishAsync(HttpContext context, string topicName, CancellationToken invocationCancelled) => errors.CatchAsync(
        context, () => PublishAsync(context, TopicName.Require(topicName), int.MaxValue, mayComplete: true, key => key, invocationCancelled));

    /// <summary>
    /// Publishes events, all or none, where the app's <see cref="ITopicAuthorizer"/> allows it: by default with a token whose claim
    /// <c>publish</c> covers the topic. One who publishes has a number of publications a minute, each up to a size.
    /// </summary>
    /// <param name="topicName">From the route.</param>
    /// <param name="invocationCancelled">Fires at functionTimeout, when the request's own token does not.</param>
    public Task<IResult> PublishByTokenAsync(HttpContext context, string topicName, CancellationToken invocationCancelled) => errors.CatchAsync(context, async () =>
    {
        context.Response.Headers.CacheControl = "no-store";
        var topic = TopicName.Require(topicName);
        var access = await authorizer.RequireAsync(context, (asked, stop) => asked.AuthorizePublishAsync(context, topic.Name, stop));
        var subject = access.Subject ?? StreamClient.AddressOf(context.Request, sse.IsFunctionApp) ?? "";

        // A key of one who publishes by token is never another's, nor the backend's, which has no space.
        return limits.Take(context, subject) ?? await PublishAsync(context, topic, limits.MaxBytes, mayComplete: false, key => $"{key} by {subject}", invocationCancelled);
    });

    /// <summary>Answers whether a webhook may deliver to the topic.</summary>
    public Task<IResult> HandshakeAsync(HttpContext context, string topicName) => errors.CatchAsync(context, () =>
    {
        TopicName.Require(topicName);
        return Task.FromResult(WebhookHandshake.Answer(context));
    });

    /// <param name="maxBytes">The size of the body at most, where that of its kind is not less.</param>
    /// <param name="mayComplete">Whether the publication may complete the topic, for all who publish to it.</param>
    /// <param name="scopeKey">Makes of an Idempotency-Key the log's.</param>
    private async Task<IResult> PublishAsync(HttpContext context, Topic topic, int maxBytes, bool mayComplete, Func<string, string> scopeKey, CancellationToken invocationCancelled)
    {
        if (PublishBody.For(context.Request) is not { } kind)
            return Problem.UnsupportedMediaType("Content-Type", context.Request.Headers.ContentType, $"Content-Type must be one of {string.Join(", ", PublishBody.MediaTypes)}, in UTF-8.");

        EventGridSchema.Refuse(context.Request.Headers, kind.IsCloudEvents);
        var key = RequestValue.FromHeader(context.Request, IdempotencyKeyRule.Header) is { } given ? scopeKey(IdempotencyKeyRule.Require(given)) : null;
        var type = RequestValue.FromQuery(context.Request, "type");
        var completes = RequestValue.BooleanFromQuery(context.Request, "complete");
        if (completes && !mayComplete)
            throw new InvalidInputException("complete", "complete is only for who has the function key; leave it out.");

        var limit = Math.Min(kind.MaxBytes, maxBytes);
        using var timeout = new CancellationTokenSource(BodyTimeout, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(invocationCancelled, timeout.Token);
        using var turn = BoundedBody.MaxSizeOf(context.Request, limit) is { } size ? await limits.TakeTurnAsync(size, context.RequestAborted, end.Token) : null;
        var (body, problem) = await BoundedBody.ReadAsync(context, kind.IsBatch ? "body" : "data", limit, end.Token);
        if (problem is not null)
            return problem;

        turn?.ShrinkTo(body.Length);
        var append = new Append(kind.Read(body, type)) { IdempotencyKey = key, CompletesTopic = completes };

        // From here on the publisher's leaving changes nothing: an append that may have begun is brought to its end.
        return Answer(topic, await log.AppendAsync(topic, append, lifetime.ApplicationStopping));
    }

    private static IResult Answer(Topic topic, AppendResult result) => result.Outcome switch
    {
        AppendOutcome.TopicComplete => Problem.Create(StatusCodes.Status409Conflict, "Topic complete", $"Topic '{topic}' is complete, or is being deleted, and takes no more events.", "topic"),
        AppendOutcome.KeyReused => Problem.Create(
            StatusCodes.Status422UnprocessableEntity,
            "Idempotency key reused",
            "the key was used before, for other events of this topic. Nothing was written.",
            IdempotencyKeyRule.Header),
        var outcome => TypedResults.Json(
            new { ids = result.Ids.Select(id => id.ToString()) },
            statusCode: outcome == AppendOutcome.Appended ? StatusCodes.Status201Created : StatusCodes.Status200OK),
    };
}
