using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using SseFunctions.Api;

namespace SseFunctions;

public class EventFunctions(SseEndpoints endpoints)
{
    [Function("Stream")]
    public Task StreamAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Routes.Events)] HttpRequest request, string topic, FunctionContext context) =>
        endpoints.StreamAsync(request.HttpContext, topic, context.CancellationToken);

    [Function("StreamTopics")]
    public Task StreamTopicsAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Routes.EventsOfTopics)] HttpRequest request, FunctionContext context) =>
        endpoints.StreamTopicsAsync(request.HttpContext, context.CancellationToken);

    [Function("Publish")]
    public Task<IResult> PublishAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = Routes.Events)] HttpRequest request, string topic, FunctionContext context) =>
        endpoints.PublishAsync(request.HttpContext, topic, context.CancellationToken);

    [Function("Handshake")]
    public static IResult Handshake(
        [HttpTrigger(AuthorizationLevel.Function, "options", Route = Routes.Events)] HttpRequest request, string topic) =>
        SseEndpoints.Handshake(request.HttpContext, topic);
}
