using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace SseFunctions.TestSupport;

/// <summary>Makes tokens as RFC 7515 says, and as an attacker would: every part is what the caller wants.</summary>
public static class SignedToken
{
    public const string Key = "a signing key of the tests, 32 bytes or more";
    public const string Header = """{"alg":"HS256","typ":"JWT"}""";

    public static string Claims(DateTimeOffset expires, params string[] topics) =>
        $$"""{"topics":[{{string.Join(',', topics.Select(topic => $"\"{topic}\""))}}],"exp":{{expires.ToUnixTimeSeconds()}}}""";

    /// <summary>A good one, for these topics.</summary>
    public static string For(DateTimeOffset expires, params string[] topics) => Make(Header, Claims(expires, topics));

    /// <param name="header">The JSON, or what stands in its place.</param>
    /// <param name="payload">The JSON, or what stands in its place.</param>
    /// <param name="key">Null for <see cref="Key"/>.</param>
    /// <param name="sign">Null for HMAC-SHA256.</param>
    public static string Make(string header, string payload, string? key = null, Func<byte[], byte[], byte[]>? sign = null)
    {
        var signed = $"{Encode(header)}.{Encode(payload)}";
        var signature = (sign ?? HMACSHA256.HashData)(Encoding.UTF8.GetBytes(key ?? Key), Encoding.ASCII.GetBytes(signed));
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    public static string Encode(string part) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(part));
}
