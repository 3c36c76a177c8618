using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace SseFunctions.Access;

/// <summary>Verifies the tokens of one OpenID Connect issuer.</summary>
internal sealed class TokenIssuer(IssuerOptions options, IssuerKeys keys)
{
    /// <summary>In characters: an access token with a user's groups in it.</summary>
    public const int MaxLength = 16 * 1024;

    private static readonly JsonWebTokenHandler Handler = new() { MaximumTokenSizeInBytes = MaxLength };

    /// <summary>The signatures that are accepted.</summary>
    public static bool IsAlgorithm(string? algorithm) => algorithm is SecurityAlgorithms.RsaSha256 or SecurityAlgorithms.EcdsaSha256;

    /// <summary>Whether its keys are in memory.</summary>
    public bool HasKeys => keys.AreRead;

    /// <returns>Null when the token is another issuer's.</returns>
    /// <exception cref="AccessDeniedException">The token is not valid.</exception>
    /// <exception cref="AccessUnavailableException">The keys that would tell cannot be read now.</exception>
    public async Task<SubscriberToken?> VerifyAsync(IssuedToken token, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var metadata = await keys.ReadAsync(cancellationToken);
        if (metadata.Issuer != token.Issuer)
            return null;

        // An issuer changes its keys when it likes. A key that was read after the token was issued, and is not there, does not exist; before
        // that the token may be the first of a new key, and must not be refused for good.
        var mayBeNewUntil = (token.IssuedAt ?? now) + SubscriberToken.ClockSkew;
        var result = await CheckAsync(token, metadata);
        if (LacksKey(token, metadata, result) && metadata.ReadAt <= mayBeNewUntil)
        {
            metadata = await keys.ReadAgainAsync(cancellationToken);
            result = await CheckAsync(token, metadata);
            if (LacksKey(token, metadata, result) && metadata.ReadAt <= mayBeNewUntil)
                throw new AccessUnavailableException("the issuer's keys do not have the token's yet.");
        }

        if (metadata.Find(token.KeyId).Count == 0)
            throw AccessDeniedException.InvalidToken("the token's signature is not its issuer's: the issuer has no key of that kid.");

        if (result.Exception is SecurityTokenInvalidAudienceException)
            throw AccessDeniedException.InvalidToken("the token is for another audience.");

        return result.IsValid
            ? JwtText.Parse(token.Payload, "payload", claims => Read(claims, JwtText.IdentityOf(token.Text), now))
            : throw AccessDeniedException.InvalidToken("the token's signature is not its issuer's: it was made with another key, or the token was changed.");
    }

    private Task<TokenValidationResult> CheckAsync(IssuedToken token, IssuerMetadata metadata) => Handler.ValidateTokenAsync(token.Text, new TokenValidationParameters
    {
        ValidAlgorithms = [token.Algorithm],
        IssuerSigningKeys = metadata.Find(token.KeyId),
        ValidIssuer = metadata.Issuer,
        ValidAudience = options.Audience,
        ValidateLifetime = false, // SubscriberToken has the clock
    });

    /// <summary>Whether no key in memory may be the token's: none has its kid or, where it has no kid, none made its signature.</summary>
    private static bool LacksKey(IssuedToken token, IssuerMetadata metadata, TokenValidationResult result) =>
        metadata.Find(token.KeyId).Count == 0 || (token.KeyId is null && result.Exception is SecurityTokenInvalidSignatureException);

    private SubscriberToken Read(JsonElement claims, string identity, DateTimeOffset now)
    {
        var subject = JwtText.Text(claims, SubscriberToken.SubjectClaim);
        return new SubscriberToken(
            Patterns(claims, options.TopicsClaim, options.Topics),
            Patterns(claims, options.PublishClaim, options.Publish),
            SubscriberToken.RequireExpiry(claims, now),
            subject is null ? null : $"{options.Authority} {subject}")
        { Identity = identity };
    }

    /// <summary>The claim may be an array or, as scopes are, texts separated by spaces; what is no pattern of topics is something else's.</summary>
    private static TopicPatterns Patterns(JsonElement claims, string claim, IReadOnlyList<string> templates)
    {
        var given = !claims.TryGetProperty(claim, out var value) ? [] : value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!.Split(' '),
            JsonValueKind.Array => value.EnumerateArray().Where(element => element.ValueKind == JsonValueKind.String).Select(element => element.GetString()!),
            _ => (IEnumerable<string>)[],
        };
        return new TopicPatterns([.. given.Where(TopicPatterns.IsPattern), .. templates.Select(template => TopicTemplate.Fill(template, claims)).OfType<string>()]);
    }
}
