using Microsoft.AspNetCore.Http;
using SseFunctions.Access;
using SseFunctions.EventLog;

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
            var request = TokenRequest.Read(await BoundedBody.ReadAsync(context.Request, "body", TokenRequest.MaxBodyBytes, context.RequestAborted));
            var now = time.GetUtcNow();
            var expires = DateTimeOffset.FromUnixTimeSeconds((now + request.Lifetime).ToUnixTimeSeconds());
            return TypedResults.Json(new { token = tokens.Sign(request.Topics, now, expires), expires = expires.UtcDateTime });
        }
        catch (AccessFaultException fault)
        {
            return Problem.BadField(fault.Field, fault.Message, fault.Limit, fault.Size);
        }
        catch (EventLimitException fault)
        {
            return Problem.Of(StatusCodes.Status413PayloadTooLarge, "Content too large", fault.Message, fault.Field, fault.Limit, fault.Size);
        }
        catch (BadHttpRequestException fault)
        {
            return Problem.Of(fault.StatusCode, "Bad request", "the body could not be read to its end.", "body");
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return TypedResults.Empty;
        }
    }
}
