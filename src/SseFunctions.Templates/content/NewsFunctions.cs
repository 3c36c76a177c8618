using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using SseFunctions.Publishing;

namespace SseApp;

public class NewsFunctions(IEventPublisher publisher)
{
    /// <summary>Publishes what is posted on topic "news".</summary>
    [Function("PostNews")]
    public async Task<IResult> PostAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "news")] HttpRequest request, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(request.Body);
        var text = await reader.ReadToEndAsync(cancellationToken);
        if (text.Length is 0 or > 1000)
            return TypedResults.BadRequest($"The body has {text.Length} characters; 1 to 1000 are allowed.");

        var result = await publisher.PublishAsync("news", [new SseEvent(text)], cancellationToken: cancellationToken);
        return TypedResults.Json(new { id = result.Ids[0] }, statusCode: StatusCodes.Status201Created);
    }

    /// <summary>A page that shows the news as they come.</summary>
    [Function("Page")]
    public static IResult Page([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "page")] HttpRequest request) =>
        TypedResults.Stream(typeof(NewsFunctions).Assembly.GetManifestResourceStream("page.html")!, "text/html; charset=utf-8");
}
