using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using SseFunctions.Api;

namespace SseFunctions.Triggers;

public class PublishFunctions(PublishEndpoint endpoint)
{
    [Function("SsePublish")]
    public Task<IResult> PublishAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = Routes.Events)] HttpRequest request, string topic, FunctionContext context) =>
        endpoint.PublishAsync(request.HttpContext, topic, context.CancellationToken);

    [Function("SsePublishByToken")]
    public Task<IResult> PublishByTokenAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Routes.EventsOfTopic)] HttpRequest request, string topic, FunctionContext context) =>
        endpoint.PublishByTokenAsync(request.HttpContext, topic, context.CancellationToken);

    [Function("SseHandshake")]
    public Task<IResult> HandshakeAsync(
        [HttpTrigger(AuthorizationLevel.Function, "options", Route = Routes.Events)] HttpRequest request, string topic) =>
        endpoint.HandshakeAsync(request.HttpContext, topic);
}
