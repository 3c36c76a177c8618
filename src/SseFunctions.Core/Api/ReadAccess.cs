using Microsoft.AspNetCore.Http;
using SseFunctions.Access;
using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>Checks that a request may read topics: asks the app's <see cref="ITopicAuthorizer"/>.</summary>
internal sealed class ReadAccess(AuthorizerCall authorizer, TimeProvider time)
{
    /// <returns>Whether everybody may read the topic.</returns>
    /// <exception cref="AccessDeniedException">It may not be read.</exception>
    /// <exception cref="AccessUnavailableException">That cannot be told now.</exception>
    public async Task<bool> RequireReadableAsync(Topic topic, HttpContext context) =>
        await authorizer.RequireAsync(context, (asked, stop) => asked.AuthorizeReadAsync(context, topic.Name, stop)) == TopicAccess.Open;

    /// <returns>For how long the topics may be read; null without end.</returns>
    /// <exception cref="AccessDeniedException">One of them may not be read.</exception>
    /// <exception cref="AccessUnavailableException">That cannot be told now.</exception>
    public async Task<TimeSpan?> RequireReadableAsync(IReadOnlyList<Topic> topics, HttpContext context)
    {
        TimeSpan? left = null;
        foreach (var topic in topics)
        {
            var access = await authorizer.RequireAsync(context, (asked, stop) => asked.AuthorizeReadAsync(context, topic.Name, stop));
            if (access.Until - time.GetUtcNow() is { } until)
                left = left < until ? left : until;
        }

        return left;
    }
}
