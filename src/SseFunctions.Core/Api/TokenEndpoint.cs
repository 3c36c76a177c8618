using Microsoft.AspNetCore.Http;
using SseFunctions.Access;

namespace SseFunctions.Api;

/// <summary>POST tokens: makes a token with which a browser may read some topics, and publish to some, for some time.</summary>
public sealed class TokenEndpoint
{
    private readonly SubscriberTokens tokens;
    private readonly TimeProvider time;
    private readonly ErrorAnswers errors;

    internal TokenEndpoint(SubscriberTokens tokens, TimeProvider time, ErrorAnswers errors) => (this.tokens, this.time, this.errors) = (tokens, time, errors);

    /// <param name="invocationCancelled">Fires at functionTimeout, when the request's own token does not.</param>
    /// <returns>200 and <c>{"token","expires"}</c>; 501 without a signing key; 400, 413 or 415 for what is no such request.</returns>
    public Task<IResult> MintAsync(HttpContext context, CancellationToken invocationCancelled) => errors.CatchAsync(context, async () =>
    {
        context.Response.Headers.CacheControl = "no-store";
        if (!tokens.HasKey)
            return Problem.Create(StatusCodes.Status501NotImplemented, "No signing key", "tokens cannot be made here: Access__SigningKey is not set.", "Access__SigningKey");

        var (request, problem) = await JsonObjectBody.ReadAsync(
            context, TokenRequest.MaxBodyBytes, TokenRequest.Members, TokenRequest.Read, invocationCancelled);
        if (request is null)
            return problem!;

        var now = time.GetUtcNow();
        var expires = DateTimeOffset.FromUnixTimeSeconds((now + request.Lifetime).ToUnixTimeSeconds());
        return TypedResults.Json(new { token = tokens.Sign(request.Topics, now, expires, request.Publish, request.Subject), expires = expires.UtcDateTime });
    });
}
