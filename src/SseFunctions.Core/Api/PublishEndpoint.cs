using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using SseFunctions.EventLog;
using SseFunctions.Publishing;

namespace SseFunctions.Api;

/// <summary>POST and OPTIONS events/{topic}: publishes events, all or none, and says that a webhook may.</summary>
public sealed class PublishEndpoint
{
    private readonly TableEventLog log;
    private readonly ErrorAnswers errors;
    private readonly IHostApplicationLifetime lifetime;

    internal PublishEndpoint(TableEventLog log, ErrorAnswers errors, IHostApplicationLifetime lifetime) =>
        (this.log, this.errors, this.lifetime) = (log, errors, lifetime);

    /// <summary>Publishes events, all or none.</summary>
    /// <param name="topicName">From the route.</param>
    /// <param name="invocationCancelled">Fires at functionTimeout, when the request's own token does not.</param>
    public Task<IResult> PublishAsync(HttpContext context, string topicName, CancellationToken invocationCancelled) => errors.CatchAsync(context, async () =>
    {
        var topic = TopicName.Require(topicName);
        if (PublishBody.For(context.Request) is not { } kind)
            return Problem.UnsupportedMediaType("Content-Type", context.Request.Headers.ContentType, $"Content-Type must be one of {string.Join(", ", PublishBody.MediaTypes)}, in UTF-8.");

        EventGridSchema.Refuse(context.Request.Headers, kind.IsCloudEvents);
        var key = SingleValue.FromHeader(context.Request, IdempotencyKeyRule.Header) is { } given ? IdempotencyKeyRule.Require(given) : null;
        var type = SingleValue.FromQuery(context.Request, "type");
        var completes = SingleValue.BooleanFromQuery(context.Request, "complete");
        var (body, problem) = await BoundedBody.ReadAsync(context, kind.IsBatch ? "body" : "data", kind.MaxBytes, invocationCancelled);
        if (problem is not null)
            return problem;

        var append = new Append(kind.Read(body, type)) { IdempotencyKey = key, CompletesTopic = completes };

        // From here on the publisher's leaving changes nothing: an append that may have begun is brought to its end.
        return Answer(topic, await log.AppendAsync(topic, append, lifetime.ApplicationStopping));
    });

    /// <summary>Answers whether a webhook may deliver to the topic.</summary>
    public Task<IResult> HandshakeAsync(HttpContext context, string topicName) => errors.CatchAsync(context, () =>
    {
        TopicName.Require(topicName);
        return Task.FromResult(WebhookHandshake.Answer(context));
    });

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
