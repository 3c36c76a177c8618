using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace SseFunctions.Access;

/// <summary>Signs and verifies tokens: JSON Web Tokens (RFC 7519), signed with HS256 and nothing else.</summary>
/// <remarks>
/// The library checks the signature, in constant time. It lets pass what makes a token ambiguous (a member given twice, text
/// after the JSON) and ignores extensions that change what is signed (crit, zip, b64), so these are refused here.
/// A kid is ignored: there are at most two keys, and both are tried.
/// </remarks>
internal sealed class SubscriberTokens
{
    /// <summary>In characters. As much as a browser takes for a cookie, and half of what Kestrel takes for a request's first line.</summary>
    public const int MaxLength = 4096;

    private const string Algorithm = SecurityAlgorithms.HmacSha256;
    private const string AlgorithmMember = "alg";

    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

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
    public string Sign(IReadOnlyList<string> topics, DateTimeOffset now, DateTimeOffset expires)
    {
        var claims = new Dictionary<string, object>
        {
            [SubscriberToken.TopicsClaim] = topics,
            [SubscriberToken.IssuedClaim] = now.ToUnixTimeSeconds(),
            [SubscriberToken.ExpiryClaim] = expires.ToUnixTimeSeconds(),
        };
        return handler.CreateToken(JsonSerializer.Serialize(claims), signing);
    }

    /// <exception cref="AccessDeniedException">The token is malformed, not issued by this server, or does not hold now.</exception>
    public async Task<SubscriberToken> VerifyAsync(string token, DateTimeOffset now)
    {
        if (!HasKey)
            throw AccessDeniedException.InvalidToken("tokens are not accepted here: Access__SigningKey is not set.");

        if (token.Length > MaxLength)
            throw AccessDeniedException.InvalidToken($"the token has {token.Length} characters; {MaxLength} are allowed.", MaxLength, token.Length);

        if (token.Split('.') is not [var header, var payload, { Length: > 0 }] || token.AsSpan().ContainsAnyExcept(TokenCharacters))
            throw AccessDeniedException.InvalidToken("the token is no signed JWT: three parts in base64url with '.' between them.");

        RequireHeader(header);
        var result = await handler.ValidateTokenAsync(token, validation);
        if (!result.IsValid)
            throw AccessDeniedException.InvalidToken("the token's signature is not this server's: it was made with another key, or the token was changed.");

        return Parse(payload, "payload", claims => SubscriberToken.Read(claims, now));
    }

    private static void RequireHeader(string text) => Parse(text, "header", header =>
    {
        if (!header.TryGetProperty(AlgorithmMember, out var algorithm) || algorithm.ValueKind != JsonValueKind.String || !algorithm.ValueEquals(Algorithm))
            throw AccessDeniedException.InvalidToken($"the token's {AlgorithmMember} is not {Algorithm}.");

        foreach (var extension in (string[])["crit", "zip", "b64"])
        {
            if (header.TryGetProperty(extension, out _))
                throw AccessDeniedException.InvalidToken($"the token's header has {extension}, which is not supported.");
        }

        return true;
    });

    private static T Parse<T>(string part, string name, Func<JsonElement, T> read)
    {
        try
        {
            using var json = JsonDocument.Parse(Base64Url.DecodeFromChars(part), Strict);
            if (json.RootElement.ValueKind == JsonValueKind.Object)
                return read(json.RootElement);
        }
        catch (Exception ex) when (ex is FormatException or JsonException or InvalidOperationException)
        {
            // Not base64url, not JSON, a member twice, or half a surrogate pair: the answer is the same.
        }

        throw AccessDeniedException.InvalidToken($"the token's {name} is not one JSON object in base64url, each member given once.");
    }
}
