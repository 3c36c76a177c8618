namespace SseFunctions.Access;

/// <summary>The settings <c>Access__*</c>.</summary>
internal sealed record AccessOptions
{
    /// <summary>A key for HS256 has the hash's size or more: RFC 7518, section 3.2.</summary>
    public const int LeastKeyBytes = 32;

    /// <summary>What everybody may read: names, or prefixes that end in '*'.</summary>
    public IReadOnlyList<string> AnonymousTopics { get; init; } = [];

    /// <summary>Signs tokens and verifies them; null when no tokens are accepted.</summary>
    public byte[]? SigningKey { get; init; }

    /// <summary>The key before a rotation: it verifies, and signs nothing any more.</summary>
    public byte[]? PreviousSigningKey { get; init; }
}
