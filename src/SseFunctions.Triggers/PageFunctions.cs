using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using SseFunctions.Api;

namespace SseFunctions.Triggers;

/// <summary>What browsers and probes get besides events.</summary>
public class PageFunctions(HealthEndpoint health, DemoRunEndpoint runs)
{
    /// <summary>GET health.</summary>
    [Function("SseHealth")]
    public Task<IResult> HealthAsync([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Routes.Health)] HttpRequest request) =>
        health.ReadAsync(request.HttpContext);

    /// <summary>GET demo, where the app has the demo page.</summary>
    [Function(FunctionNames.Demo)]
    public static IResult Demo([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Routes.Demo)] HttpRequest request) =>
        PageEndpoint.Demo(request.HttpContext);

    /// <summary>POST demo/runs.</summary>
    [Function(FunctionNames.DemoRuns)]
    public Task<IResult> StartDemoRunAsync([HttpTrigger(AuthorizationLevel.Function, "post", Route = Routes.DemoRuns)] HttpRequest request) =>
        runs.StartAsync(request.HttpContext);

    /// <summary>GET client.js.</summary>
    [Function("SseClient")]
    public static IResult Client([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Routes.Client)] HttpRequest request) =>
        PageEndpoint.Client();

    /// <summary>GET openapi.json.</summary>
    [Function("SseOpenApi")]
    public static IResult OpenApi([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Routes.OpenApi)] HttpRequest request) =>
        PageEndpoint.OpenApi();
}
