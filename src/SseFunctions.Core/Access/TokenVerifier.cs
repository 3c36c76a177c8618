namespace SseFunctions.Access;

/// <summary>Verifies tokens: this server's own, and those of the issuers in <c>Access__Issuers</c>.</summary>
internal sealed class TokenVerifier(SubscriberTokens own, IReadOnlyList<TokenIssuer> issuers)
{
    /// <exception cref="AccessDeniedException">The token is malformed, of nobody who is trusted, or does not hold now.</exception>
    /// <exception cref="AccessUnavailableException">The keys that would tell cannot be read now.</exception>
    public async Task<SubscriberToken> VerifyAsync(string token, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (issuers.Count == 0)
            return await own.VerifyAsync(token, now);

        return TokenIssuer.IsAlgorithm(JwtText.AlgorithmOf(token, TokenIssuer.MaxLength))
            ? await VerifyIssuedAsync(IssuedToken.Parse(token, now), now, cancellationToken)
            : await own.VerifyAsync(token, now);
    }

    /// <summary>
    /// By the issuers whose keys are in memory first. The others' keys may take long to come, or not come at all, so that these are
    /// all asked at once.
    /// </summary>
    private async Task<SubscriberToken> VerifyIssuedAsync(IssuedToken token, DateTimeOffset now, CancellationToken cancellationToken)
    {
        AccessUnavailableException? unavailable = null;
        foreach (var group in issuers.GroupBy(issuer => issuer.HasKeys).OrderByDescending(group => group.Key))
        {
            await foreach (var verifying in Task.WhenEach(group.Select(issuer => issuer.VerifyAsync(token, now, cancellationToken))))
            {
                try
                {
                    if (await verifying is { } verified)
                        return verified;
                }
                catch (AccessUnavailableException ex)
                {
                    unavailable = ex; // it may be another's
                }
            }
        }

        throw (Exception?)unavailable ?? AccessDeniedException.InvalidToken("the token's issuer is none of Access__Issuers.");
    }
}
