using Microsoft.AspNetCore.Http;
using SseFunctions.Access;

namespace SseFunctions.Api;

/// <summary>POST tokens: makes a token with which a browser may read some topics for some time.</summary>
public sealed class TokenEndpoint
{
    private readonly SubscriberTokens tokens;
    private readonly TimeProvider time;

    internal TokenEndpoint(SubscriberTokens tokens, TimeProvider time) => (this.tokens, this.time) = (tokens, time);

    /// <returns>200 and <c>{"token","expires"}</c>; 501 without a signing key; 400, 413 or 415 for what is no such request.</returns>
    public async Task<IResult> MintAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (!tokens.HasKey)
            return Problem.Of(StatusCodes.Status501NotImplemented, "No signing key", "tokens cannot be made here: Access__SigningKey is not set.", "Access__SigningKey");

        if (!context.Request.HasJsonContentType())
            return Problem.Of(StatusCodes.Status415UnsupportedMediaType, "Unsupported media type", "Content-Type must be application/json.", "Content-Type");

        try
        {
            var (body, problem) = await BoundedBody.ReadAsync(context, "body", TokenRequest.MaxBodyBytes, CancellationToken.None);
            if (problem is not null)
                return problem;

            var request = TokenRequest.Read(body);
            var now = time.GetUtcNow();
            var expires = DateTimeOffset.FromUnixTimeSeconds((now + request.Lifetime).ToUnixTimeSeconds());
            return TypedResults.Json(new { token = tokens.Sign(request.Topics, now, expires), expires = expires.UtcDateTime });
        }
        catch (AccessFaultException fault)
        {
            return Problem.BadField(fault.Field, fault.Message, fault.Limit, fault.Size);
        }
    }
}
