using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using SseFunctions.Access;
using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>GET topics/{topic} and POST topics/{topic}/complete: what a topic holds, and its end.</summary>
public sealed class TopicEndpoint
{
    private readonly TableEventLog log;
    private readonly TopicHeads heads;
    private readonly ReadAccess access;
    private readonly ErrorAnswers errors;
    private readonly IHostApplicationLifetime lifetime;

    internal TopicEndpoint(TableEventLog log, TopicHeads heads, ReadAccess access, ErrorAnswers errors, IHostApplicationLifetime lifetime) =>
        (this.log, this.heads, this.access, this.errors, this.lifetime) = (log, heads, access, errors, lifetime);

    /// <summary>Answers what the topic holds.</summary>
    public Task<IResult> ReadAsync(HttpContext context, string topicName) => errors.CatchAsync(context, async () =>
    {
        context.Response.Headers.CacheControl = "no-store"; // it may be for this reader alone
        var topic = TopicName.Require(topicName);
        await access.RequireReadableAsync([topic], context);
        return TypedResults.Json(TopicState.From(topic, await heads.ReadAsync(topic, context.RequestAborted)));
    });

    /// <summary>Completes the topic: it takes no more events.</summary>
    public Task<IResult> CompleteAsync(HttpContext context, string topicName) => errors.CatchAsync(context, async () =>
    {
        var topic = TopicName.Require(topicName);
        return TypedResults.Json(TopicState.From(topic, await log.CompleteAsync(topic, lifetime.ApplicationStopping)));
    });
}
