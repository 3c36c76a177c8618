using System.Text.Json;
using Microsoft.AspNetCore.Http;
using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>
/// Refuses what Event Grid sends in its own schema. Its handshake is an event with a secret code, which would go to every
/// subscriber: learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema.
/// </summary>
internal static class EventGridSchema
{
    /// <summary>On everything that Event Grid delivers, CloudEvents too.</summary>
    private const string Header = "aeg-event-type";

    private const string Advice =
        "Event Grid's own schema is not taken: create the subscription with the CloudEvents schema v1.0 (--event-delivery-schema cloudeventschemav1_0), whose handshake is answered.";

    private static ReadOnlySpan<byte> ValidationEvent => "Microsoft.EventGrid.SubscriptionValidationEvent"u8;

    /// <param name="headers">The request's.</param>
    /// <param name="isCloudEvents">Whether its body is one or more CloudEvents.</param>
    /// <exception cref="InvalidInputException">Event Grid sent the request, and not as CloudEvents.</exception>
    public static void Refuse(IHeaderDictionary headers, bool isCloudEvents)
    {
        if (!isCloudEvents && headers.ContainsKey(Header))
            throw new InvalidInputException(Header, Advice);
    }

    /// <summary>The same for a body whose header was lost on its way.</summary>
    /// <param name="json">One JSON value.</param>
    /// <exception cref="InvalidInputException">It is Event Grid's validation event.</exception>
    public static void RefuseValidationEvent(ReadOnlyMemory<byte> json)
    {
        if (json.Span.IndexOf(ValidationEvent) < 0)
            return;

        using var document = JsonDocument.Parse(json, new() { MaxDepth = JsonText.MaxDepth });
        if (document.RootElement.ValueKind == JsonValueKind.Array && document.RootElement.EnumerateArray().Any(IsValidationEvent))
            throw new InvalidInputException("body", Advice);
    }

    private static bool IsValidationEvent(JsonElement element) => element.ValueKind == JsonValueKind.Object
        && element.TryGetProperty("eventType", out var type)
        && type.ValueKind == JsonValueKind.String
        && type.ValueEquals(ValidationEvent);
}
