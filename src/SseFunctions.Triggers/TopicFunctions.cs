using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using SseFunctions.Api;

namespace SseFunctions.Triggers;

/// <summary>What a topic holds, how long it keeps it, and its end.</summary>
public class TopicFunctions(TopicEndpoint endpoint, HistoryEndpoint history)
{
    /// <summary>GET topics/{topic}/events.</summary>
    [Function("SseHistory")]
    public Task<IResult> ReadEventsAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Routes.EventsOfTopic)] HttpRequest request, string topic, FunctionContext context) =>
        history.ReadAsync(request.HttpContext, topic, context.CancellationToken);

    /// <summary>GET topics/{topic}.</summary>
    [Function("SseTopic")]
    public Task<IResult> ReadAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Routes.Topic)] HttpRequest request, string topic) =>
        endpoint.ReadAsync(request.HttpContext, topic);

    /// <summary>PUT topics/{topic}, with the function key.</summary>
    [Function("SseSetRetention")]
    public Task<IResult> SetRetentionAsync(
        [HttpTrigger(AuthorizationLevel.Function, "put", Route = Routes.Topic)] HttpRequest request, string topic, FunctionContext context) =>
        endpoint.SetRetentionAsync(request.HttpContext, topic, context.CancellationToken);

    /// <summary>DELETE topics/{topic}, with the function key.</summary>
    [Function("SseDeleteTopic")]
    public Task<IResult> DeleteAsync(
        [HttpTrigger(AuthorizationLevel.Function, "delete", Route = Routes.Topic)] HttpRequest request, string topic) =>
        endpoint.DeleteAsync(request.HttpContext, topic);

    /// <summary>POST topics/{topic}/complete, with the function key.</summary>
    [Function("SseComplete")]
    public Task<IResult> CompleteAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = Routes.Complete)] HttpRequest request, string topic) =>
        endpoint.CompleteAsync(request.HttpContext, topic);
}
