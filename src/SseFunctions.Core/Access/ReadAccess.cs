using SseFunctions.EventLog;

namespace SseFunctions.Access;

/// <summary>Who may read which topic: everybody those that are open, and all others only with a token for them.</summary>
internal sealed class ReadAccess(AccessOptions options, SubscriberTokens tokens, TimeProvider time)
{
    private readonly TopicPatterns anonymous = new(options.AnonymousTopics);

    /// <summary>Whether everybody may read all of the topics. The token of such a request is ignored.</summary>
    public bool IsOpen(IEnumerable<Topic> topics) => topics.All(anonymous.Cover);

    /// <summary>Checks that the topics may be read, every one of them.</summary>
    /// <param name="token">The request's token; null for none.</param>
    /// <returns>For how long they may be read; null without end.</returns>
    /// <exception cref="AccessDeniedException">One of them may not be read.</exception>
    public async Task<TimeSpan?> CheckAsync(IEnumerable<Topic> topics, string? token)
    {
        var closed = topics.Where(topic => !anonymous.Cover(topic)).ToList();
        if (closed.Count == 0)
            return null;

        if (token is null)
        {
            throw new AccessDeniedException(
                AccessDenial.NoToken,
                SubscriberToken.Field,
                $"topic '{closed[0]}' is not open to anonymous readers (Access__AnonymousTopics), and the request carries no token.");
        }

        var now = time.GetUtcNow();
        var verified = await tokens.VerifyAsync(token, now);
        return closed.Find(topic => !verified.Topics.Cover(topic)) is { } foreign
            ? throw new AccessDeniedException(AccessDenial.NotCovered, "topic", $"the token does not cover topic '{foreign}'.")
            : verified.Expires - now;
    }
}
