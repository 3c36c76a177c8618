using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace SseFunctions.Access;

/// <summary>Signs and verifies this server's own tokens: JSON Web Tokens (RFC 7519), signed with HS256 and nothing else.</summary>
/// <remarks>A kid is ignored: there are at most two keys, and both are tried. The library compares signatures in constant time.</remarks>
internal sealed class SubscriberTokens
{
    /// <summary>In characters. As much as a browser takes for a cookie, and half of what Kestrel takes for a request's first line.</summary>
    public const int MaxLength = 4096;

    private const string Algorithm = SecurityAlgorithms.HmacSha256;

    private readonly JsonWebTokenHandler handler = new() { SetDefaultTimesOnTokenCreation = false, MaximumTokenSizeInBytes = MaxLength };
    private readonly SigningCredentials? signing;
    private readonly TokenValidationParameters validation;

    public SubscriberTokens(AccessOptions options)
    {
        signing = options.SigningKey is { } key ? new SigningCredentials(new SymmetricSecurityKey(key), Algorithm) : null;
        validation = new TokenValidationParameters
        {
            IssuerSigningKeys = new[] { options.SigningKey, options.PreviousSigningKey }.OfType<byte[]>().Select(bytes => new SymmetricSecurityKey(bytes)).ToList(),
            ValidAlgorithms = [Algorithm],
            RequireSignedTokens = true,
            // There is one issuer, who has the key, and one audience. Times are checked where their clock is: SubscriberToken.
            ValidateIssuer = false,
            ValidateAudience = false,
            ValidateLifetime = false,
        };
    }

    /// <summary>Whether there is a key: without one no token is made and none is accepted.</summary>
    public bool HasKey => signing is not null;

    /// <summary>Makes a token that lasts until the given second. There must be a key.</summary>
    /// <param name="topics">What its bearer may read: names, or prefixes that end in '*'.</param>
    /// <param name="publish">What its bearer may publish to; null or none leaves the claim out.</param>
    /// <param name="subject">Who its bearer is; null leaves the claim out.</param>
    public string Sign(IReadOnlyList<string> topics, DateTimeOffset now, DateTimeOffset expires, IReadOnlyList<string>? publish = null, string? subject = null)
    {
        var claims = new Dictionary<string, object>
        {
            [SubscriberToken.TopicsClaim] = topics,
            [SubscriberToken.IssuedClaim] = now.ToUnixTimeSeconds(),
            [SubscriberToken.ExpiryClaim] = expires.ToUnixTimeSeconds(),
        };
        if (publish is { Count: > 0 })
            claims[SubscriberToken.PublishClaim] = publish;

        if (subject is not null)
            claims[SubscriberToken.SubjectClaim] = subject;

        return handler.CreateToken(JsonSerializer.Serialize(claims), signing);
    }

    /// <exception cref="AccessDeniedException">The token is malformed, not issued by this server, or does not hold now.</exception>
    public async Task<SubscriberToken> VerifyAsync(string token, DateTimeOffset now)
    {
        if (!HasKey)
            throw AccessDeniedException.InvalidToken("tokens are not accepted here: Access__SigningKey is not set.");

        var (header, payload) = JwtText.Split(token, MaxLength);
        JwtText.Parse(header, "header", parsed =>
        {
            JwtText.RequireHeader(parsed, Algorithm);
            return true;
        });
        var result = await handler.ValidateTokenAsync(token, validation);
        if (!result.IsValid)
            throw AccessDeniedException.InvalidToken("the token's signature is not this server's: it was made with another key, or the token was changed.");

        return JwtText.Parse(payload, "payload", claims => SubscriberToken.Read(claims, JwtText.IdentityOf(token), now));
    }
}
