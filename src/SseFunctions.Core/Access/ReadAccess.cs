using Microsoft.AspNetCore.Http;
using SseFunctions.EventLog;

namespace SseFunctions.Access;

/// <summary>Who may read which topic: everybody what is open to all, and otherwise who brings a token for it.</summary>
internal sealed class ReadAccess(AccessOptions options, SubscriberTokens tokens, TimeProvider time)
{
    private readonly TopicPatterns anonymous = new(options.AnonymousTopics);

    /// <summary>Checks one topic; a request that names several needs all of them granted. The token of an open topic's request is not looked at.</summary>
    public async Task<TopicAccess> CheckAsync(Topic topic, HttpRequest request)
    {
        if (anonymous.Cover(topic))
            return new(AccessOutcome.Granted);

        try
        {
            if (RequestToken.Find(request) is not { } text)
                return new(AccessOutcome.NoToken, Fault: new(RequestToken.Field, $"topic '{topic}' is not open to anonymous readers (Access__AnonymousTopics), and the request carries no token."));

            var now = time.GetUtcNow();
            var token = await tokens.VerifyAsync(text, now);
            return token.Topics.Cover(topic)
                ? new(AccessOutcome.Granted, token.Expires - now)
                : new(AccessOutcome.NotCovered, Fault: new("topic", $"the token does not cover topic '{topic}'."));
        }
        catch (AccessFaultException fault)
        {
            return new(AccessOutcome.InvalidToken, Fault: fault);
        }
    }
}
