using Microsoft.IdentityModel.Tokens;

namespace SseFunctions.Access;

/// <summary>What an issuer publishes about itself.</summary>
/// <param name="Issuer">What its tokens' <c>iss</c> is.</param>
/// <param name="Keys">With which its tokens are verified.</param>
/// <param name="ReadAt">When reading it began.</param>
internal sealed record IssuerMetadata(string Issuer, IReadOnlyList<SecurityKey> Keys, DateTimeOffset ReadAt)
{
    /// <param name="keyId">The token's kid; null stands for any.</param>
    public IReadOnlyList<SecurityKey> Find(string? keyId) => keyId is null ? Keys : [.. Keys.Where(key => key.KeyId == keyId)];
}
