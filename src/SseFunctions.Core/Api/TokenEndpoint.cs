using Microsoft.AspNetCore.Http;
using SseFunctions.Access;
using SseFunctions.Publishing;

namespace SseFunctions.Api;

/// <summary>POST tokens: makes a token with which a browser may read some topics for some time.</summary>
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

        if (!Utf8Body.IsJson(Utf8Body.MediaType(context.Request.Headers.ContentType)))
            return Problem.UnsupportedMediaType("Content-Type", "Content-Type must be application/json, in UTF-8.");

        var (body, problem) = await BoundedBody.ReadAsync(context, "body", TokenRequest.MaxBodyBytes, invocationCancelled);
        if (problem is not null)
            return problem;

        var request = TokenRequest.Read(Utf8Body.WithoutBom(body));
        var now = time.GetUtcNow();
        var expires = DateTimeOffset.FromUnixTimeSeconds((now + request.Lifetime).ToUnixTimeSeconds());
        return TypedResults.Json(new { token = tokens.Sign(request.Topics, now, expires), expires = expires.UtcDateTime });
    });
}
