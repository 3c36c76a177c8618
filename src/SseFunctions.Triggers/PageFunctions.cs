using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using SseFunctions.Api;

namespace SseFunctions.Triggers;

public class PageFunctions(HealthEndpoint health)
{
    [Function("SseHealth")]
    public Task<IResult> HealthAsync([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Routes.Health)] HttpRequest request) =>
        health.ReadAsync(request.HttpContext);

    [Function(FunctionNames.Demo)]
    public static IResult Demo([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Routes.Demo)] HttpRequest request) =>
        PageEndpoint.Demo(request.HttpContext);

    [Function("SseClient")]
    public static IResult Client([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Routes.Client)] HttpRequest request) =>
        PageEndpoint.Client();
}
