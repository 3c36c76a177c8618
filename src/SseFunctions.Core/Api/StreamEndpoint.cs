using Microsoft.AspNetCore.Http;
using SseFunctions.Access;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>GET and HEAD events/{topic} and events?topic=a&amp;topic=b: streams of one topic or several.</summary>
public sealed class StreamEndpoint
{
    private readonly ReadAccess access;
    private readonly StreamRunner streams;
    private readonly ErrorAnswers errors;

    internal StreamEndpoint(ReadAccess access, StreamRunner streams, ErrorAnswers errors) =>
        (this.access, this.streams, this.errors) = (access, streams, errors);

    /// <summary>Streams one topic.</summary>
    /// <param name="topicName">From the route.</param>
    /// <param name="invocationCancelled">Fires at functionTimeout, when the request's own token does not.</param>
    public Task StreamAsync(HttpContext context, string topicName, CancellationToken invocationCancelled) =>
        AnswerAsync(context, topicName, invocationCancelled);

    /// <summary>Streams the topics of the query on one connection.</summary>
    /// <param name="invocationCancelled">Fires at functionTimeout, when the request's own token does not.</param>
    public Task StreamTopicsAsync(HttpContext context, CancellationToken invocationCancelled) =>
        AnswerAsync(context, topicName: null, invocationCancelled);

    /// <param name="topicName">Null for the topics of the query.</param>
    private async Task AnswerAsync(HttpContext context, string? topicName, CancellationToken invocationCancelled)
    {
        var answer = await FindAnswerAsync(context, topicName, invocationCancelled); // a method of its own: what it took to find is not kept while it streams
        await answer.ExecuteAsync(context);
    }

    private Task<IResult> FindAnswerAsync(HttpContext context, string? topicName, CancellationToken invocationCancelled)
    {
        context.Response.Headers.CacheControl = "no-store"; // whatever the answer is
        context.Response.Headers.Append("Vary", StreamQuery.LastEventId); // it decides between 200 and 204
        return errors.CatchAsync(context, async () =>
        {
            var topics = (topicName is null ? StreamQuery.Topics(context.Request) : [topicName]).Select(TopicName.Require).ToList();
            try
            {
                var accessLeft = await access.RequireReadableAsync(topics, context);
                return streams.Open(StreamQuery.Read(context.Request, topics, accessLeft), invocationCancelled);
            }
            catch (AccessUnavailableException)
            {
                return streams.ComeBack(StreamEnd.AccessUnknown); // any other status would end an EventSource for good
            }
        });
    }
}
