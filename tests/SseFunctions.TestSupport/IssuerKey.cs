using System.Buffers.Text;
using System.Security.Cryptography;

namespace SseFunctions.TestSupport;

/// <summary>A key with which an issuer signs.</summary>
/// <param name="Id">Its kid.</param>
/// <param name="Algorithm">RS256 or ES256.</param>
/// <param name="Public">Its half that everybody may have, as a JSON Web Key (RFC 7517).</param>
/// <param name="Sign">Signs bytes.</param>
public sealed record IssuerKey(string Id, string Algorithm, IReadOnlyDictionary<string, string> Public, Func<byte[], byte[]> Sign)
{
    public static IssuerKey Create(string algorithm)
    {
        var id = Guid.NewGuid().ToString("N");
        return algorithm == "ES256" ? WithCurve(id) : WithRsa(id);
    }

    /// <summary>A token with these claims.</summary>
    /// <param name="claims">The JSON.</param>
    /// <param name="header">Null for the key's own.</param>
    public string Token(string claims, string? header = null) =>
        SignedToken.Make(header ?? $$"""{"alg":"{{Algorithm}}","typ":"JWT","kid":"{{Id}}"}""", claims, sign: (_, signed) => Sign(signed));

    private static IssuerKey WithRsa(string id)
    {
        var rsa = RSA.Create(2048);
        var key = rsa.ExportParameters(includePrivateParameters: false);
        return new(
            id,
            "RS256",
            new Dictionary<string, string> { ["kty"] = "RSA", ["use"] = "sig", ["kid"] = id, ["n"] = Base64Url.EncodeToString(key.Modulus), ["e"] = Base64Url.EncodeToString(key.Exponent) },
            signed => rsa.SignData(signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    private static IssuerKey WithCurve(string id)
    {
        var curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var key = curve.ExportParameters(includePrivateParameters: false);
        return new(
            id,
            "ES256",
            new Dictionary<string, string> { ["kty"] = "EC", ["crv"] = "P-256", ["use"] = "sig", ["kid"] = id, ["x"] = Base64Url.EncodeToString(key.Q.X), ["y"] = Base64Url.EncodeToString(key.Q.Y) },
            signed => curve.SignData(signed, HashAlgorithmName.SHA256));
    }
}
