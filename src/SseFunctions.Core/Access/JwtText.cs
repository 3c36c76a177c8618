using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace SseFunctions.Access;

/// <summary>
/// Takes a signed JSON Web Token apart. The library that checks signatures lets pass what makes a token ambiguous (a member given twice,
/// text after the JSON) and ignores extensions that change what is signed (crit, zip, b64), so these are refused here.
/// </summary>
internal static class JwtText
{
    public const string AlgorithmMember = "alg";
    public const string KeyIdMember = "kid";

    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <returns>The header and the payload, as they are written.</returns>
    /// <exception cref="AccessDeniedException">It is too long, or has another shape.</exception>
    public static (string Header, string Payload) Split(string token, int maxLength)
    {
        if (token.Length > maxLength)
            throw AccessDeniedException.InvalidToken($"the token has {token.Length} characters; {maxLength} are allowed.", maxLength, token.Length);

        return token.Split('.') is [var header, var payload, { Length: > 0 }] && !token.AsSpan().ContainsAnyExcept(TokenCharacters)
            ? (header, payload)
            : throw AccessDeniedException.InvalidToken("the token is no signed JWT: three parts in base64url with '.' between them.");
    }

    /// <summary>The algorithm of a token that may be of any issuer; null where the header has none.</summary>
    /// <exception cref="AccessDeniedException">The token is too long, or has another shape.</exception>
    public static string? AlgorithmOf(string token, int maxLength) =>
        Parse(Split(token, maxLength).Header, "header", header => Text(header, AlgorithmMember));

    /// <summary>
    /// Tells tokens apart, by what is signed: a signature by a curve has another that is as good, and that of a token which an open topic
    /// does not need may be anything. A hash, since a token may be long.
    /// </summary>
    /// <param name="token">One that may be of any shape.</param>
    public static string IdentityOf(string token)
    {
        var signature = token.LastIndexOf('.');
        return Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(signature < 0 ? token : token[..signature])));
    }

    /// <exception cref="AccessDeniedException">The header has another algorithm, or an extension.</exception>
    public static void RequireHeader(JsonElement header, string algorithm)
    {
        if (Text(header, AlgorithmMember) != algorithm)
            throw AccessDeniedException.InvalidToken($"the token's {AlgorithmMember} is not {algorithm}.");

        foreach (var extension in (string[])["crit", "zip", "b64"])
        {
            if (header.TryGetProperty(extension, out _))
                throw AccessDeniedException.InvalidToken($"the token's header has {extension}, which is not supported.");
        }
    }

    /// <returns>Null when the member is not there, or no text.</returns>
    public static string? Text(JsonElement json, string member) =>
        json.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <exception cref="AccessDeniedException">The part is not one JSON object in base64url.</exception>
    public static T Parse<T>(string part, string name, Func<JsonElement, T> read)
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
