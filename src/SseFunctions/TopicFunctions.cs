using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using SseFunctions.Api;

namespace SseFunctions;

public class TopicFunctions(SseEndpoints endpoints)
{
    [Function("Topic")]
    public Task<IResult> TopicAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Routes.Topic)] HttpRequest request, string topic) =>
        endpoints.TopicAsync(request.HttpContext, topic);

    [Function("Complete")]
    public Task<IResult> CompleteAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = Routes.Complete)] HttpRequest request, string topic) =>
        endpoints.CompleteAsync(request.HttpContext, topic);
}
