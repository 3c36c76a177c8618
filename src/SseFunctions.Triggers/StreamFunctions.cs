using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using SseFunctions.Api;

namespace SseFunctions.Triggers;

public class StreamFunctions(StreamEndpoint endpoint)
{
    [Function("SseStream")]
    public Task StreamAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Routes.Events)] HttpRequest request, string topic, FunctionContext context) =>
        endpoint.StreamAsync(request.HttpContext, topic, context.CancellationToken);

    [Function("SseStreamTopics")]
    public Task StreamTopicsAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Routes.EventsOfTopics)] HttpRequest request, FunctionContext context) =>
        endpoint.StreamTopicsAsync(request.HttpContext, context.CancellationToken);
}
