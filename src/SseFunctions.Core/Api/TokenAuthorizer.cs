using Microsoft.AspNetCore.Http;
using SseFunctions.Access;
using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>
/// The authorizer of an app that has no other: everybody may read what <c>Access__AnonymousTopics</c> covers, and all else takes a token,
/// signed with <c>Access__SigningKey</c> or issued by one of <c>Access__Issuers</c>. An authorizer of your own may have it injected.
/// </summary>
public sealed class TokenAuthorizer : ITopicAuthorizer
{
    private readonly TopicPatterns anonymous;
    private readonly TokenVerifier tokens;
    private readonly TimeProvider time;

    internal TokenAuthorizer(AccessOptions options, TokenVerifier tokens, TimeProvider time) =>
        (anonymous, this.tokens, this.time) = (new TopicPatterns(options.AnonymousTopics), tokens, time);

    /// <inheritdoc/>
    public async ValueTask<TopicAccess> AuthorizeReadAsync(HttpContext context, string topic, CancellationToken cancellationToken)
    {
        var parsed = Topic.Parse(topic);
        return anonymous.Cover(parsed) ? TopicAccess.Open : await AuthorizeAsync(
            context,
            () => RequestToken.Find(context.Request),
            $"topic '{topic}' is not open to anonymous readers (Access__AnonymousTopics), and the request carries no token.",
            token => token.Topics.Cover(parsed) ? null : $"the token does not cover topic '{topic}'.",
            cancellationToken);
    }

    /// <summary>A cookie does not count here: a browser sends it with what a page of another site posts.</summary>
    /// <inheritdoc/>
    public ValueTask<TopicAccess> AuthorizePublishAsync(HttpContext context, string topic, CancellationToken cancellationToken)
    {
        var parsed = Topic.Parse(topic);
        return AuthorizeAsync(
            context,
            () => RequestToken.FindExplicit(context.Request),
            "the request carries no token, in the header Authorization or as ?token=.",
            token => token.Publish.Cover(parsed) ? null : $"the token's claim {SubscriberToken.PublishClaim} does not cover topic '{topic}'.",
            cancellationToken);
    }

    private async ValueTask<TopicAccess> AuthorizeAsync(
        HttpContext context, Func<string?> find, string noToken, Func<SubscriberToken, string?> refuse, CancellationToken cancellationToken)
    {
        try
        {
            if (find() is not { } text)
                return TopicAccess.Unauthenticated(noToken);

            var token = await VerifyAsync(context, text, cancellationToken);
            return refuse(token) is { } reason ? TopicAccess.Forbidden(reason) : TopicAccess.Allowed(token.Expires, token.Subject ?? token.Identity);
        }
        catch (AccessDeniedException ex)
        {
            return TopicAccess.Denied(ex);
        }
        catch (AccessUnavailableException ex)
        {
            return TopicAccess.Unavailable(ex.Message);
        }
    }

    /// <summary>Once for all topics of a request, as long as it is the same token: a request may bring several, and the app may change it.</summary>
    private async Task<SubscriberToken> VerifyAsync(HttpContext context, string text, CancellationToken cancellationToken)
    {
        if (context.Items[typeof(TokenAuthorizer)] is (string known, SubscriberToken verified) && known == text)
            return verified;

        var token = await tokens.VerifyAsync(text, time.GetUtcNow(), cancellationToken);
        context.Items[typeof(TokenAuthorizer)] = (text, token);
        return token;
    }
}
