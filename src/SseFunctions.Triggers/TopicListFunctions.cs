using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using SseFunctions.Api;

namespace SseFunctions.Triggers;

/// <summary>The list of topics.</summary>
public class TopicListFunctions(TopicListEndpoint endpoint)
{
    /// <summary>GET topics, with the function key.</summary>
    [Function("SseTopics")]
    public Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = Routes.Topics)] HttpRequest request, FunctionContext context) =>
        endpoint.ListAsync(request.HttpContext, context.CancellationToken);
}
