using System.Text.Json;

namespace SseFunctions.Access;

/// <summary>What a token says: the claims <c>topics</c>, <c>publish</c>, <c>sub</c> and <c>exp</c>.</summary>
/// <param name="Topics">What its bearer may read.</param>
/// <param name="Publish">What its bearer may publish to.</param>
/// <param name="Expires">Until when.</param>
/// <param name="Subject">Who its bearer is; null where it does not say.</param>
internal sealed record SubscriberToken(TopicPatterns Topics, TopicPatterns Publish, DateTimeOffset Expires, string? Subject)
{
    public const string TopicsClaim = "topics";
    public const string PublishClaim = "publish";
    public const string SubjectClaim = "sub";
    public const string ExpiryClaim = "exp";
    public const string IssuedClaim = "iat";

    /// <summary>A leaked token is of no use for longer.</summary>
    public static readonly TimeSpan MaxLifetime = TimeSpan.FromHours(24);

    /// <summary>How far ahead the issuer's clock may be. After <c>exp</c> a token is refused at once, though.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    private const string NotBeforeClaim = "nbf";

    /// <summary>The last second of the year 9999.</summary>
    private const double MaxNumericDate = 253_402_300_799;

    /// <summary>Tells tokens without a subject apart: <see cref="JwtText.IdentityOf"/>.</summary>
    public required string Identity { get; init; }

    /// <summary>Reads a token of this server's own.</summary>
    /// <param name="claims">Its payload.</param>
    /// <param name="identity">What tells it apart.</param>
    /// <exception cref="AccessDeniedException">A claim is missing, malformed, or does not hold now.</exception>
    public static SubscriberToken Read(JsonElement claims, string identity, DateTimeOffset now)
    {
        var expires = RequireExpiry(claims, now);
        if (expires > now + MaxLifetime + ClockSkew)
            throw Invalid($"it expires more than {MaxLifetime.TotalHours} hours ahead.");

        var publish = claims.TryGetProperty(PublishClaim, out _) ? Patterns(claims, PublishClaim) : null;
        var topics = publish is not null && !claims.TryGetProperty(TopicsClaim, out _) ? TopicPatterns.None : Patterns(claims, TopicsClaim);
        return new SubscriberToken(topics, publish ?? TopicPatterns.None, expires, JwtText.Text(claims, SubjectClaim)) { Identity = identity };
    }

    /// <summary>Checks the times that a token of any issuer has.</summary>
    /// <returns>Until when it holds.</returns>
    /// <exception cref="AccessDeniedException">A claim is missing, malformed, or does not hold now.</exception>
    public static DateTimeOffset RequireExpiry(JsonElement claims, DateTimeOffset now)
    {
        var expires = Time(claims, ExpiryClaim) ?? throw Invalid($"its claim {ExpiryClaim} is missing.");
        if (expires <= now)
            throw Invalid($"it expired at {expires.UtcDateTime:u}.");

        foreach (var claim in (string[])[NotBeforeClaim, IssuedClaim])
        {
            if (Time(claims, claim) > now + ClockSkew)
                throw Invalid($"its claim {claim} is more than {ClockSkew.TotalMinutes} minute ahead of the server's clock.");
        }

        return expires;
    }

    private static TopicPatterns Patterns(JsonElement claims, string claim)
    {
        if (!claims.TryGetProperty(claim, out var topics) || topics.ValueKind != JsonValueKind.Array)
            throw Invalid($"its claim {claim} is missing or no array.");

        var patterns = topics.EnumerateArray().Select(topic => topic.ValueKind == JsonValueKind.String ? topic.GetString()! : "").ToList();
        return patterns.All(TopicPatterns.IsPattern)
            ? new TopicPatterns(patterns)
            : throw Invalid($"its claim {claim} has something else than {TopicPatterns.Rule}.");
    }

    /// <summary>A NumericDate of RFC 7519, section 2: seconds since 1970, which may have a fraction.</summary>
    public static DateTimeOffset? Time(JsonElement claims, string claim)
    {
        if (!claims.TryGetProperty(claim, out var value))
            return null;

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds is >= 0 and <= MaxNumericDate
            ? DateTimeOffset.FromUnixTimeSeconds((long)seconds)
            : throw Invalid($"its claim {claim} is no number of seconds since 1970.");
    }

    private static AccessDeniedException Invalid(string reason) => AccessDeniedException.InvalidToken($"the token is not valid: {reason}");
}
