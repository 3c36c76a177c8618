using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using SseFunctions.Api;

namespace SseFunctions.Triggers;

/// <summary>Tokens for browsers.</summary>
public class TokenFunctions(TokenEndpoint endpoint)
{
    /// <summary>POST tokens, with the function key.</summary>
    [Function("SseTokens")]
    public Task<IResult> TokensAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = Routes.Tokens)] HttpRequest request, FunctionContext context) =>
        endpoint.MintAsync(request.HttpContext, context.CancellationToken);
}
