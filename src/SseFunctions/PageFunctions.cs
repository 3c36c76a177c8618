using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using SseFunctions.Api;

namespace SseFunctions;

public class PageFunctions(SseEndpoints endpoints)
{
    [Function("Health")]
    public Task<IResult> HealthAsync([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Routes.Health)] HttpRequest request) =>
        endpoints.HealthAsync(request.HttpContext);

    [Function("Demo")]
    public static IResult Demo([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Routes.Demo)] HttpRequest request) =>
        SseEndpoints.Demo();

    [Function("Client")]
    public static IResult Client([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Routes.Client)] HttpRequest request) =>
        SseEndpoints.Client();
}
