using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using SseFunctions.Api;

namespace SseFunctions.Triggers;

/// <summary>Publishing over HTTP.</summary>
public class PublishFunctions(PublishEndpoint endpoint)
{
    /// <summary>POST events/{topic}, with the function key.</summary>
    [Function("SsePublish")]
    public Task<IResult> PublishAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = Routes.Events)] HttpRequest request, string topic, FunctionContext context) =>
        endpoint.PublishAsync(request.HttpContext, topic, context.CancellationToken);

    /// <summary>POST topics/{topic}/events, which the app's ITopicAuthorizer allows.</summary>
    [Function("SsePublishByToken")]
    public Task<IResult> PublishByTokenAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Routes.EventsOfTopic)] HttpRequest request, string topic, FunctionContext context) =>
        endpoint.PublishByTokenAsync(request.HttpContext, topic, context.CancellationToken);

    /// <summary>OPTIONS events/{topic}: the handshake of a CloudEvents webhook.</summary>
    [Function("SseHandshake")]
    public Task<IResult> HandshakeAsync(
        [HttpTrigger(AuthorizationLevel.Function, "options", Route = Routes.Events)] HttpRequest request, string topic) =>
        endpoint.HandshakeAsync(request.HttpContext, topic);
}
