using System.Runtime.InteropServices;
using System.Text.Json;
using CloudNative.CloudEvents;
using CloudNative.CloudEvents.SystemTextJson;
using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>
/// CloudEvents 1.0 in JSON, structured and batched: github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md.
/// An event's data is the CloudEvent as it was written, all of it, and its type is the CloudEvent's.
/// </summary>
internal static class CloudEventBody
{
    private static readonly JsonEventFormatter Formatter = new();
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = JsonText.MaxDepth };

    /// <exception cref="FormatException">The body is no CloudEvent.</exception>
    /// <exception cref="EventLimitException">Its type is outside the limits.</exception>
    public static IReadOnlyList<NewEvent> ReadOne(ReadOnlyMemory<byte> body, string? type)
    {
        RefuseType(type);
        using var document = JsonDocument.Parse(JsonText.Require(body), Options);
        return [Read(document.RootElement, "the body")];
    }

    /// <exception cref="FormatException">The body is no array of CloudEvents; the message names the one that is none.</exception>
    /// <exception cref="EventLimitException">There are too many events, or one is outside its limits.</exception>
    public static IReadOnlyList<NewEvent> ReadBatch(ReadOnlyMemory<byte> body, string? type)
    {
        RefuseType(type);
        using var document = JsonDocument.Parse(JsonText.Require(body), Options);
        if (document.RootElement.ValueKind != JsonValueKind.Array)
            throw new FormatException("the body is no JSON array.");

        PublishBody.RequireCount(document.RootElement.GetArrayLength());
        return [.. document.RootElement.EnumerateArray().Select((element, index) => Read(element, $"event {index + 1}"))];
    }

    private static NewEvent Read(JsonElement element, string place)
    {
        string? type;
        try
        {
            type = Formatter.ConvertFromJsonElement(element, null).Type;
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException or InvalidOperationException or JsonException or NotSupportedException)
        {
            throw new FormatException($"{place} is no CloudEvent 1.0 in JSON: {fault.Message}", fault);
        }

        return PublishBody.Checked(new NewEvent(type, JsonMarshal.GetRawUtf8Value(element).ToArray()), place);
    }

    private static void RefuseType(string? type)
    {
        if (type is not null)
            throw new EventLimitException("type", NewEvent.MaxTypeBytes, type.Length, "a CloudEvent brings its own type; leave ?type= out.");
    }
}
