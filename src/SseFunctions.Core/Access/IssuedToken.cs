namespace SseFunctions.Access;

/// <summary>A token of an issuer of which nothing is verified yet but its shape and its times.</summary>
internal sealed record IssuedToken(string Text, string Payload, string Algorithm, string? KeyId, string Issuer, DateTimeOffset? IssuedAt)
{
    /// <exception cref="AccessDeniedException">It has another shape, or does not hold now.</exception>
    public static IssuedToken Parse(string token, DateTimeOffset now)
    {
        var (header, payload) = JwtText.Split(token, TokenIssuer.MaxLength);
        var (algorithm, keyId) = JwtText.Parse(header, "header", parsed =>
        {
            var algorithm = JwtText.Text(parsed, JwtText.AlgorithmMember)!;
            JwtText.RequireHeader(parsed, algorithm);
            return (algorithm, JwtText.Text(parsed, JwtText.KeyIdMember));
        });
        return JwtText.Parse(payload, "payload", claims =>
        {
            SubscriberToken.RequireExpiry(claims, now);
            var issuer = JwtText.Text(claims, "iss") ?? throw AccessDeniedException.InvalidToken("the token is not valid: its claim iss is missing.");
            return new IssuedToken(token, payload, algorithm, keyId, issuer, SubscriberToken.Time(claims, SubscriberToken.IssuedClaim));
        });
    }
}
