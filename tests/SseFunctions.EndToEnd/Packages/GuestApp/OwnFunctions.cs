using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using SseFunctions.Publishing;

namespace GuestApp;

public class OwnFunctions(AppReport report)
{
    [Function("Greet")]
    public static IResult Greet([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "greet/{name}")] HttpRequest request, string name) =>
        TypedResults.Text($"Hello, {name}");

    [Function("Status")]
    public static IResult Status([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "status/health")] HttpRequest request) => TypedResults.Text("well");

    [Function("Report")]
    public IResult Report([HttpTrigger(AuthorizationLevel.Function, "get", Route = "report")] HttpRequest request) => TypedResults.Json(report.Read());

    [Function("Order")]
    public static async Task<IResult> OrderAsync([HttpTrigger(AuthorizationLevel.Function, "post", Route = "orders/{number}")] HttpRequest request, string number)
    {
        var publisher = request.HttpContext.RequestServices.GetRequiredService<IEventPublisher>();
        var result = await publisher.PublishAsync("orders", [new SseEvent(number, "ordered")], idempotencyKey: $"order-{number}");
        return TypedResults.Text(result.Ids[0]);
    }
}
