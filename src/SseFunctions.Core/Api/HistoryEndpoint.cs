using Microsoft.AspNetCore.Http;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>GET and HEAD topics/{topic}/events: a topic's events as JSON, page by page.</summary>
public sealed class HistoryEndpoint
{
    /// <summary>How long a page may take, with the wait for its turn.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>When a client may try again that asked for a topic too many: feeds that nobody reads end within this time.</summary>
    private const string RetryAfterSeconds = "5";

    private readonly ReadAccess access;
    private readonly HistoryReader history;
    private readonly AnswerWriter answers;
    private readonly TimeProvider time;
    private readonly ErrorAnswers errors;

    internal HistoryEndpoint(ReadAccess access, HistoryReader history, AnswerWriter answers, TimeProvider time, ErrorAnswers errors) =>
        (this.access, this.history, this.answers, this.time, this.errors) = (access, history, answers, time, errors);

    /// <summary>Answers with a page of events.</summary>
    /// <param name="topicName">From the route.</param>
    /// <param name="invocationCancelled">Fires at functionTimeout, when the request's own token does not.</param>
    public Task<IResult> ReadAsync(HttpContext context, string topicName, CancellationToken invocationCancelled) => errors.CatchAsync(context, async () =>
    {
        context.Response.Headers.CacheControl = "no-store"; // whatever the answer is, but for a page that stays as it is
        var topic = TopicName.Require(topicName);
        var isOpen = await access.RequireReadableAsync(topic, context);
        var request = HistoryQuery.Read(context.Request, topic);

        using var timeout = new CancellationTokenSource(Timeout, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, invocationCancelled, timeout.Token);
        context.Response.RegisterForDispose(await TakeTurnAsync(timeout.Token, stop.Token)); // until the client has taken the page, or has left
        if (await history.ReadAsync(request, stop.Token) is { } page)
            return new HistoryAnswer(topic, page, mayBeCached: page.IsFixed && isOpen, answers, invocationCancelled);

        context.Response.Headers.RetryAfter = RetryAfterSeconds;
        return Problem.Create(StatusCodes.Status503ServiceUnavailable, "Too many topics", "too many topics are being read here. Try again later.", "topic");
    });

    private async Task<IDisposable> TakeTurnAsync(CancellationToken timeout, CancellationToken stop)
    {
        try
        {
            return await history.Pages.EnterAsync(1, stop);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            throw new ReadsBusyException();
        }
    }
}
