using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace SseFunctions.Api;

/// <summary>
/// Tells a webhook's sender, such as an Event Grid subscription, that its events are welcome:
/// github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection. Who may ask is the function key's matter.
/// </summary>
internal static class WebhookHandshake
{
    private const string RequestOrigin = "WebHook-Request-Origin";
    private const string RequestRate = "WebHook-Request-Rate";
    private const string AllowedOrigin = "WebHook-Allowed-Origin";
    private const string AllowedRate = "WebHook-Allowed-Rate";

    /// <summary>No limit: too many at once are answered 503 with Retry-After.</summary>
    private const string AnyRate = "*";

    /// <summary>The longest name that DNS knows: RFC 1035, 2.3.4.</summary>
    private const int MaxOriginLength = 253;

    /// <returns>200, with the permission when it was asked for.</returns>
    public static IResult Answer(HttpContext context)
    {
        context.Response.Headers.Allow = HttpMethods.Post;
        var origin = context.Request.Headers[RequestOrigin].ToString();
        if (origin.Length == 0)
            return TypedResults.Ok();

        if (origin.Length > MaxOriginLength || origin.Any(character => character is <= ' ' or > '~'))
            return Problem.BadField(RequestOrigin, $"{RequestOrigin} has {origin.Length} characters that are no DNS name.", MaxOriginLength, origin.Length);

        var rate = context.Request.Headers[RequestRate].ToString();
        context.Response.Headers[AllowedOrigin] = origin;
        context.Response.Headers[AllowedRate] = uint.TryParse(rate, NumberStyles.None, CultureInfo.InvariantCulture, out var perMinute) && perMinute > 0 ? rate : AnyRate;
        return TypedResults.Ok();
    }
}
