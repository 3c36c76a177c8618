using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using SseFunctions.Api;

namespace SseFunctions;

public class TopicFunctions(TopicEndpoint endpoint)
{
    [Function("Topic")]
    public Task<IResult> ReadAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Routes.Topic)] HttpRequest request, string topic) =>
        endpoint.ReadAsync(request.HttpContext, topic);

    [Function("SetRetention")]
    public Task<IResult> SetRetentionAsync(
        [HttpTrigger(AuthorizationLevel.Function, "put", Route = Routes.Topic)] HttpRequest request, string topic, FunctionContext context) =>
        endpoint.SetRetentionAsync(request.HttpContext, topic, context.CancellationToken);

    [Function("DeleteTopic")]
    public Task<IResult> DeleteAsync(
        [HttpTrigger(AuthorizationLevel.Function, "delete", Route = Routes.Topic)] HttpRequest request, string topic) =>
        endpoint.DeleteAsync(request.HttpContext, topic);

    [Function("Complete")]
    public Task<IResult> CompleteAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = Routes.Complete)] HttpRequest request, string topic) =>
        endpoint.CompleteAsync(request.HttpContext, topic);
}
