using Microsoft.AspNetCore.Http;

namespace SseFunctions.Access;

/// <summary>
/// Decides who may read a topic, and who may publish to it without a function key. An app that registers one of its own, with any
/// lifetime, decides alone: the settings <c>Access__*</c> are those of <c>TokenAuthorizer</c>, which an authorizer of your own may call. One that
/// throws, returns null or takes longer than 5 s is logged, and the request is answered as by <see cref="TopicAccess.Unavailable"/>.
/// </summary>
public interface ITopicAuthorizer
{
    /// <summary>Decides whether the request may read the topic: its stream, its history and what it holds. Asked once for each topic of a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="topic">The topic's name, which is valid.</param>
    /// <param name="cancellationToken">Fires when the client has left, or after 5 s.</param>
    ValueTask<TopicAccess> AuthorizeReadAsync(HttpContext context, string topic, CancellationToken cancellationToken);

    /// <summary>
    /// Decides whether the request may publish to the topic by <c>POST topics/{topic}/events</c>, which browsers and devices call. Nobody may
    /// where this is not implemented. A browser sends cookies with what a page of another site posts: an authorizer that goes by a
    /// cookie must tell the app's own pages from others.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="topic">The topic's name, which is valid.</param>
    /// <param name="cancellationToken">Fires when the client has left, or after 5 s.</param>
    ValueTask<TopicAccess> AuthorizePublishAsync(HttpContext context, string topic, CancellationToken cancellationToken) =>
        new(TopicAccess.Forbidden("publishing without a function key is not open here."));
}
