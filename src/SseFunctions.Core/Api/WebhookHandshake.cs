using System.Globalization;
using Microsoft.AspNetCore.Http;
using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>
/// Tells a webhook's sender, such as an Event Grid subscription, that its events are welcome:
/// github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection. The function key decides who may ask.
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
    /// <exception cref="InvalidInputException">A header has a value that is not allowed.</exception>
    public static IResult Answer(HttpContext context)
    {
        context.Response.Headers.Allow = HttpMethods.Post;
        var origin = RequestValue.FromHeader(context.Request, RequestOrigin);
        if (string.IsNullOrEmpty(origin))
            return TypedResults.Ok();

        if (origin.Length > MaxOriginLength || origin.Any(character => character is <= ' ' or > '~'))
            throw new InvalidInputException(RequestOrigin, $"{RequestOrigin} has {origin.Length} characters that are no DNS name.", MaxOriginLength, origin.Length, origin.Length > MaxOriginLength);

        var rate = RequestValue.FromHeader(context.Request, RequestRate);
        context.Response.Headers[AllowedOrigin] = origin;
        context.Response.Headers[AllowedRate] = uint.TryParse(rate, NumberStyles.None, CultureInfo.InvariantCulture, out var perMinute) && perMinute > 0 ? rate : AnyRate;
        return TypedResults.Ok();
    }
}
