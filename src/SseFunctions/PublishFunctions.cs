using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using SseFunctions.Api;

namespace SseFunctions;

public class PublishFunctions(PublishEndpoint endpoint)
{
    [Function("Publish")]
    public Task<IResult> PublishAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = Routes.Events)] HttpRequest request, string topic, FunctionContext context) =>
        endpoint.PublishAsync(request.HttpContext, topic, context.CancellationToken);

    [Function("Handshake")]
    public Task<IResult> HandshakeAsync(
        [HttpTrigger(AuthorizationLevel.Function, "options", Route = Routes.Events)] HttpRequest request, string topic) =>
        endpoint.HandshakeAsync(request.HttpContext, topic);
}
