using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using SseFunctions.Access;
using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>
/// GET, PUT and DELETE topics/{topic} and POST topics/{topic}/complete: what a topic holds, how long it keeps it, and its end.
/// </summary>
public sealed class TopicEndpoint
{
    private readonly TableEventLog log;
    private readonly TopicStates states;
    private readonly ReadAccess access;
    private readonly ErrorAnswers errors;
    private readonly IHostApplicationLifetime lifetime;
    private readonly TimeProvider time;

    internal TopicEndpoint(TableEventLog log, TopicStates states, ReadAccess access, ErrorAnswers errors, IHostApplicationLifetime lifetime, TimeProvider time) =>
        (this.log, this.states, this.access, this.errors, this.lifetime, this.time) = (log, states, access, errors, lifetime, time);

    /// <summary>Answers what the topic holds.</summary>
    public Task<IResult> ReadAsync(HttpContext context, string topicName) => errors.CatchAsync(context, async () =>
    {
        context.Response.Headers.CacheControl = "no-store"; // it may be for this reader alone
        var topic = TopicName.Require(topicName);
        await access.RequireReadableAsync([topic], context);
        return TypedResults.Json(await Deadline.RunAsync(EventTable.ReadTimeout, time, stop => states.ReadAsync(topic, stop), context.RequestAborted));
    });

    /// <summary>Sets retention of the topic's own, before or after its first event.</summary>
    /// <param name="topicName">From the route.</param>
    /// <param name="invocationCancelled">Fires at functionTimeout, when the request's own token does not.</param>
    /// <returns>200 and what GET answers; 400, 413 or 415 for what is no such request.</returns>
    public Task<IResult> SetRetentionAsync(HttpContext context, string topicName, CancellationToken invocationCancelled) => errors.CatchAsync(context, async () =>
    {
        context.Response.Headers.CacheControl = "no-store";
        var topic = TopicName.Require(topicName);
        var (retention, problem) = await JsonObjectBody.ReadAsync(
            context, RetentionRequest.MaxBodyBytes, RetentionRequest.Members, RetentionRequest.Read, invocationCancelled);
        if (retention is null)
            return problem!;

        return TypedResults.Json(await WriteAsync(async stop =>
        {
            await log.SetRetentionAsync(topic, retention, stop);
            states.Set(topic, retention);
            return TopicState.From(topic, await log.ReadHeadAsync(topic, stop), retention);
        }));
    });

    /// <summary>Deletes the topic with all its rows, and its retention. What is published to it afterwards begins a new log.</summary>
    /// <returns>204, whether there was such a topic or not: a repeat finishes what an earlier request did not.</returns>
    public Task<IResult> DeleteAsync(HttpContext context, string topicName) => errors.CatchAsync(context, async () =>
    {
        var topic = TopicName.Require(topicName);
        await log.DeleteTopicAsync(topic, lifetime.ApplicationStopping);
        states.Set(topic, new TopicRetention());
        return TypedResults.NoContent();
    });

    /// <summary>Completes the topic: it takes no more events.</summary>
    public Task<IResult> CompleteAsync(HttpContext context, string topicName) => errors.CatchAsync(context, async () =>
    {
        var topic = TopicName.Require(topicName);
        return TypedResults.Json(await WriteAsync(async stop =>
            TopicState.From(topic, await log.CompleteAsync(topic, stop), await log.ReadRetentionAsync(topic, stop))));
    });

    /// <summary>The write and what its answer needs have one time together; a client that leaves ends neither.</summary>
    private Task<TopicState> WriteAsync(Func<CancellationToken, Task<TopicState>> write) =>
        Deadline.RunAsync(RetryBudget.WriteTimeout, time, write, lifetime.ApplicationStopping);
}
