namespace SseFunctions.Access;

/// <summary>The request may not read a topic. The message gives the reason and nothing of the token.</summary>
/// <param name="field">The name of the field, as the client knows it.</param>
/// <param name="limit">The maximum, where the token is too long.</param>
/// <param name="size">What was given, in the unit of the limit.</param>
internal sealed class AccessDeniedException(AccessDenial denial, string field, string message, long? limit = null, long? size = null) : Exception(message)
{
    /// <summary>How a request and a problem name the token.</summary>
    public const string TokenField = "token";

    public AccessDenial Denial { get; } = denial;

    public string Field { get; } = field;

    public long? Limit { get; } = limit;

    public long? Size { get; } = size;

    /// <summary>A token that is not accepted.</summary>
    public static AccessDeniedException InvalidToken(string reason, long? limit = null, long? size = null) =>
        new(AccessDenial.InvalidToken, TokenField, reason, limit, size);
}
