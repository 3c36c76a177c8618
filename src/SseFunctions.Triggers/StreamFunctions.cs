using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using SseFunctions.Api;

namespace SseFunctions.Triggers;

/// <summary>The streams.</summary>
public class StreamFunctions(StreamEndpoint endpoint)
{
    /// <summary>GET events/{topic}.</summary>
    [Function("SseStream")]
    public Task StreamAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Routes.Events)] HttpRequest request, string topic, FunctionContext context) =>
        endpoint.StreamAsync(request.HttpContext, topic, context.CancellationToken);

    /// <summary>GET events?topic=a&amp;topic=b.</summary>
    [Function("SseStreamTopics")]
    public Task StreamTopicsAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Routes.EventsOfTopics)] HttpRequest request, FunctionContext context) =>
        endpoint.StreamTopicsAsync(request.HttpContext, context.CancellationToken);
}
