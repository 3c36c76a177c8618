using System.Security.Cryptography;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Access;

/// <summary>Tokens that must be refused, each with a word of the reason.</summary>
internal static class ForgedTokens
{
    public static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_900_000_000);

    private const string Covered = """
        "topics":["*"]
        """;
    private const string Header = SignedToken.Header;
    private const string AnotherKey = "another signing key, as long as that one";

    private static readonly string Claims = SignedToken.Claims(Now.AddHours(1), "*");
    private static readonly string Good = SignedToken.Make(Header, Claims);
    private static readonly string[] Parts = Good.Split('.');

    public static readonly IReadOnlyDictionary<string, (string Token, string Reason)> All = new Dictionary<string, (string, string)>
    {
        // The signature and its algorithm (RFC 8725, section 3.1).
        ["none, unsigned"] = ($"{SignedToken.Encode("""{"alg":"none"}""")}.{Parts[1]}.", "no signed JWT"),
        ["none, with a signature"] = (SignedToken.Make("""{"alg":"none"}""", Claims), "alg is not HS256"),
        ["None"] = (SignedToken.Make("""{"alg":"None"}""", Claims), "alg is not HS256"),
        ["RS256, signed with the key as HMAC"] = (SignedToken.Make("""{"alg":"RS256"}""", Claims), "alg is not HS256"),
        ["RS256, signed with RSA and its key inside"] = (WithRsa(), "alg is not HS256"),
        ["HS512 with the right key"] = (SignedToken.Make("""{"alg":"HS512"}""", Claims, sign: HMACSHA512.HashData), "alg is not HS256"),
        ["HS384 with the right key"] = (SignedToken.Make("""{"alg":"HS384"}""", Claims, sign: HMACSHA384.HashData), "alg is not HS256"),
        ["HS256 said, HS512 done"] = (SignedToken.Make(Header, Claims, sign: HMACSHA512.HashData), "signature"),
        ["alg in lower case"] = (SignedToken.Make("""{"alg":"hs256"}""", Claims), "alg is not HS256"),
        ["alg by its XML name"] = (SignedToken.Make("""{"alg":"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"}""", Claims), "alg is not HS256"),
        ["alg is missing"] = (SignedToken.Make("{}", Claims), "alg is not HS256"),
        ["alg is a number"] = (SignedToken.Make("""{"alg":256}""", Claims), "alg is not HS256"),
        ["alg is there twice"] = (SignedToken.Make("""{"alg":"none","alg":"HS256"}""", Claims), "header is not one JSON object"),
        ["another key"] = (SignedToken.Make(Header, Claims, AnotherKey), "signature"),
        ["another key, and a kid"] = (SignedToken.Make("""{"alg":"HS256","kid":"../../dev/null"}""", Claims, AnotherKey), "signature"),
        ["another key, which the header brings"] = (SignedToken.Make($$$"""{"alg":"HS256","jwk":{"kty":"oct","k":"{{{SignedToken.Encode(AnotherKey)}}}"}}""", Claims, AnotherKey), "signature"),
        ["an empty key"] = (SignedToken.Make(Header, Claims, ""), "signature"),
        ["payload changed"] = ($"{Parts[0]}.{SignedToken.Encode(SignedToken.Claims(Now.AddHours(2), "*"))}.{Parts[2]}", "signature"),
        ["header changed"] = ($"{SignedToken.Encode("""{"typ":"JWT","alg":"HS256"}""")}.{Parts[1]}.{Parts[2]}", "signature"),
        ["signature cut off"] = (Good[..^2], "signature"),
        ["signature is of one byte"] = ($"{Parts[0]}.{Parts[1]}.AA", "signature"),

        // The shape.
        ["no signature"] = ($"{Parts[0]}.{Parts[1]}.", "no signed JWT"),
        ["two parts"] = ($"{Parts[0]}.{Parts[1]}", "no signed JWT"),
        ["five parts: encrypted"] = ($"{SignedToken.Encode("""{"alg":"dir","enc":"A256GCM","zip":"DEF"}""")}..AAAA.AAAA.AAAA", "no signed JWT"),
        ["dots"] = ("..", "no signed JWT"),
        ["padded"] = (Good + "=", "no signed JWT"),
        ["standard base64"] = (Good.Replace('-', '+').Replace('_', '/') + "+", "no signed JWT"),
        ["white space"] = (Good.Insert(10, " "), "no signed JWT"),
        ["line break"] = (Good.Insert(10, "\n"), "no signed JWT"),
        ["NUL"] = (Good + "\0", "no signed JWT"),
        ["letters beyond ASCII"] = (Good.Replace('e', 'é'), "no signed JWT"),
        ["as in RFC 7515's JSON form"] = ($$"""{"protected":"{{Parts[0]}}","payload":"{{Parts[1]}}","signature":"{{Parts[2]}}"}""", "no signed JWT"),
        ["too long"] = (SignedToken.Make(Header, $$"""{"exp":{{Exp(3600)}},{{Covered}},"a":"{{new string('a', 4096)}}"}"""), "4096 are allowed"),
        ["header is no base64url"] = ($"A.{Parts[1]}.{Parts[2]}", "header is not one JSON object"),
        ["header is no JSON"] = (SignedToken.Make("alg=HS256", Claims), "header is not one JSON object"),
        ["header is an array"] = (SignedToken.Make("""["HS256"]""", Claims), "header is not one JSON object"),
        ["crit"] = (SignedToken.Make("""{"alg":"HS256","crit":["exp"],"exp":1}""", Claims), "crit"),
        ["b64"] = (SignedToken.Make("""{"alg":"HS256","b64":false}""", Claims), "b64"),
        ["zip"] = (SignedToken.Make("""{"alg":"HS256","zip":"DEF"}""", Claims), "zip"),
        ["nested"] = (SignedToken.Make("""{"alg":"HS256","cty":"JWT"}""", Good), "signature"), // the library reads the payload before it checks
        ["payload is empty"] = (SignedToken.Make(Header, ""), "payload is not one JSON object"),
        ["payload is two values"] = (SignedToken.Make(Header, Claims + "{}"), "payload is not one JSON object"),
        ["payload has half a surrogate pair"] = (WithClaims("""
            "topics":["\ud800"]
            """, Exp(3600)), "payload is not one JSON object"),

        // The claims.
        ["exp is missing"] = (SignedToken.Make(Header, $"{{{Covered}}}"), "exp is missing"),
        ["exp is now"] = (WithClaims(Covered, Exp(0)), "expired at"),
        ["exp was a second ago"] = (WithClaims(Covered, Exp(-1)), "expired at"),
        ["exp is 1970"] = (WithClaims(Covered, "0"), "expired at"),
        ["exp is more than 24 hours ahead"] = (WithClaims(Covered, Exp(24 * 3600 + 61)), "24 hours"),
        ["exp is the end of time"] = (WithClaims(Covered, "253402300799"), "24 hours"),
        ["exp is a text"] = (WithClaims(Covered, $"\"{Exp(3600)}\""), "exp is no number"),
        ["exp is negative"] = (WithClaims(Covered, "-1"), "exp is no number"),
        ["exp is beyond the calendar"] = (WithClaims(Covered, "253402300800"), "exp is no number"),
        ["exp is there twice"] = (WithClaims($"\"exp\":{Exp(3600)},{Covered}", Exp(3600)), "payload is not one JSON object"),
        ["exp is not EXP"] = (SignedToken.Make(Header, $"{{{Covered},\"EXP\":{Exp(3600)}}}"), "exp is missing"),
        ["nbf is 61 seconds ahead"] = (WithClaims($"\"nbf\":{Exp(61)},{Covered}", Exp(3600)), "nbf"),
        ["nbf is no number"] = (WithClaims($"\"nbf\":true,{Covered}", Exp(3600)), "signature"),
        ["iat is 61 seconds ahead"] = (WithClaims($"\"iat\":{Exp(61)},{Covered}", Exp(3600)), "iat"),
        ["topics is missing"] = (SignedToken.Make(Header, $"{{\"exp\":{Exp(3600)}}}"), "topics is missing"),
        ["topics is a text"] = (WithClaims("\"topics\":\"*\"", Exp(3600)), "topics is missing or no array"),
        ["topics is there twice"] = (WithClaims($"\"topics\":[],{Covered}", Exp(3600)), "payload is not one JSON object"),
        ["topics has a number"] = (WithClaims("\"topics\":[\"a\",1]", Exp(3600)), "topic names"),
        ["topics has a star in the middle"] = (WithClaims("\"topics\":[\"a*b\"]", Exp(3600)), "topic names"),
        ["topics has an empty text"] = (WithClaims("\"topics\":[\"\"]", Exp(3600)), "topic names"),
    };

    private static string Exp(int seconds) => $"{Now.ToUnixTimeSeconds() + seconds}";

    private static string WithClaims(string claims, string exp) => SignedToken.Make(Header, $"{{{claims},\"exp\":{exp}}}");

    private static string WithRsa()
    {
        using var rsa = RSA.Create(2048);
        var key = rsa.ExportParameters(false);
        var (modulus, exponent) = (Convert.ToBase64String(key.Modulus!).TrimEnd('=').Replace('+', '-').Replace('/', '_'), Convert.ToBase64String(key.Exponent!));
        return SignedToken.Make(
            $$$"""{"alg":"RS256","jwk":{"kty":"RSA","n":"{{{modulus}}}","e":"{{{exponent}}}"}}""",
            Claims,
            sign: (_, signed) => rsa.SignData(signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }
}
