namespace SseFunctions.Access;

/// <summary>What an <see cref="ITopicAuthorizer"/> has decided. Reasons are shown to who asks: they hold nothing of a token or a key.</summary>
public sealed class TopicAccess
{
    /// <summary>Everybody may, whatever the request brings.</summary>
    internal static readonly TopicAccess Open = new();

    private TopicAccess()
    {
    }

    internal DateTimeOffset? Until { get; private init; }

    internal string? Subject { get; private init; }

    /// <summary>Why not; null where the request may.</summary>
    internal AccessDeniedException? Denial { get; private init; }

    /// <summary>Why nobody can tell now; null where somebody can.</summary>
    internal string? Fault { get; private init; }

    /// <summary>The request may.</summary>
    /// <param name="until">Until when; a stream ends before, and a time that has passed is a 401. Null without end.</param>
    /// <param name="subject">
    /// Who it is, for the limits on publishing and for idempotency keys: requests of one subject share them. Null for the client's address:
    /// in a function app the last of X-Forwarded-For, which Azure's front end appends, elsewhere the connection's.
    /// </param>
    public static TopicAccess Allowed(DateTimeOffset? until = null, string? subject = null) => new() { Until = until, Subject = subject };

    /// <summary>The request does not say who it is, or not credibly: 401, which ends an EventSource for good.</summary>
    /// <param name="reason">A sentence for the problem's detail.</param>
    public static TopicAccess Unauthenticated(string reason) => Denied(new AccessDeniedException(AccessDenial.NoToken, AccessDeniedException.TokenField, reason));

    /// <summary>Who asks may not: 403, which ends an EventSource for good.</summary>
    /// <param name="reason">A sentence for the problem's detail.</param>
    public static TopicAccess Forbidden(string reason) => Denied(new AccessDeniedException(AccessDenial.NotCovered, "topic", reason));

    /// <summary>
    /// Nobody can tell now, since what decides cannot be reached: a stream's client is told to come back, and all others get a 503 with
    /// Retry-After.
    /// </summary>
    /// <param name="reason">A sentence for the stream's comment or the problem's detail.</param>
    public static TopicAccess Unavailable(string reason) => new() { Fault = reason };

    internal static TopicAccess Denied(AccessDeniedException denial) => new() { Denial = denial };
}
