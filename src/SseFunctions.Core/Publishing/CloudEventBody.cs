using System.Text.Json;
using CloudNative.CloudEvents;
using CloudNative.CloudEvents.SystemTextJson;
using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>
/// CloudEvents 1.0 in JSON, structured and batched (for the binary mode see <see cref="BinaryCloudEvent"/>): github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md.
/// An event's data is the CloudEvent as it was written, all of it, and its type is the CloudEvent's.
/// </summary>
internal static class CloudEventBody
{
    /// <summary>How much of the parser's message is passed on: it may quote an attribute of any length.</summary>
    private const int MaxReasonCharacters = 200;

    private static readonly JsonEventFormatter Formatter = new();

    /// <summary>Parsers differ in which of two members of one name counts, and a subscriber's may differ from this one.</summary>
    public static readonly JsonDocumentOptions Options = new() { MaxDepth = JsonText.MaxDepth, AllowDuplicateProperties = false };

    /// <exception cref="InvalidInputException">The body is no CloudEvent, or its type is outside the limits.</exception>
    public static IReadOnlyList<NewEvent> ReadOne(ReadOnlyMemory<byte> body, string? type)
    {
        RefuseType(type);
        return [Read(JsonText.Require(body), "the body")];
    }

    /// <exception cref="InvalidInputException">
    /// The body is no array of CloudEvents, there are too many, or one is outside its limits; the message names that one.
    /// </exception>
    public static IReadOnlyList<NewEvent> ReadBatch(ReadOnlyMemory<byte> body, string? type)
    {
        RefuseType(type);
        return [.. Elements(JsonText.Require(body)).Select((element, index) => Read(element, $"event {index + 1}"))];
    }

    /// <summary>Finds the elements before any is parsed: parsed, an array takes many times its size.</summary>
    private static List<ReadOnlyMemory<byte>> Elements(ReadOnlyMemory<byte> array)
    {
        var reader = new Utf8JsonReader(array.Span, JsonText.ReaderOptions);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new InvalidInputException("body", "the body is no JSON array.");

        var (elements, count) = (new List<ReadOnlyMemory<byte>>(), 0);
        for (; reader.Read() && reader.TokenType != JsonTokenType.EndArray; count++)
        {
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (count < AppendLimits.MaxEvents)
                elements.Add(array[start..(int)reader.BytesConsumed]);
        }

        BodyEvents.RequireCount(count);
        return elements;
    }

    private static NewEvent Read(ReadOnlyMemory<byte> json, string place)
    {
        BodyEvents.Require(new NewEvent(null, json), place);
        string? type;
        try
        {
            using var document = JsonDocument.Parse(json, Options);
            type = Formatter.ConvertFromJsonElement(document.RootElement, null).Type;
        }
        catch (Exception ex) when (IsInvalid(ex))
        {
            throw Invalid($"{place} is no CloudEvent 1.0 in JSON", ex);
        }

        // A copy, so that one small event in memory does not hold all of the body there.
        return BodyEvents.Require(new NewEvent(type, json.ToArray()), place);
    }

    /// <summary>Whether it is an exception that the library throws for something that is no CloudEvent.</summary>
    public static bool IsInvalid(Exception ex) => ex is ArgumentException or FormatException or InvalidOperationException or JsonException or NotSupportedException;

    public static InvalidInputException Invalid(string what, Exception ex) =>
        new("body", $"{what}: {(ex.Message.Length > MaxReasonCharacters ? ex.Message[..MaxReasonCharacters] + "..." : ex.Message)}");

    /// <exception cref="InvalidInputException">A type is given.</exception>
    public static void RefuseType(string? type)
    {
        if (type is not null)
            throw new InvalidInputException("type", "a CloudEvent brings its own type; leave ?type= out.");
    }
}
