using Microsoft.AspNetCore.Http;
using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>GET topics: lists topics, page by page. Who may call it sees all.</summary>
public sealed class TopicListEndpoint
{
    private readonly TableEventLog log;
    private readonly ErrorAnswers errors;

    internal TopicListEndpoint(TableEventLog log, ErrorAnswers errors) => (this.log, this.errors) = (log, errors);

    /// <summary>Answers with a page of topics.</summary>
    /// <param name="invocationCancelled">Fires at functionTimeout, when the request's own token does not.</param>
    public Task<IResult> ListAsync(HttpContext context, CancellationToken invocationCancelled) => errors.CatchAsync(context, async () =>
    {
        context.Response.Headers.CacheControl = "no-store";
        var query = TopicListQuery.Read(context.Request);
        using var left = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, invocationCancelled);
        var page = await log.ListTopicsAsync(query.Prefix, query.After, query.Limit, left.Token);
        return TypedResults.Json(new TopicList(page.Topics.Select(listed => TopicState.From(listed.Topic, listed.Head, listed.Retention)), page.Next));
    });
}
