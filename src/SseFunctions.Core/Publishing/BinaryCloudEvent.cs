using System.Text.Encodings.Web;
using System.Text.Json;
using CloudNative.CloudEvents;
using CloudNative.CloudEvents.Http;
using CloudNative.CloudEvents.SystemTextJson;
using Microsoft.AspNetCore.Http;
using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>
/// A CloudEvent whose attributes are headers and whose data is the body:
/// github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#31-binary-content-mode. An event's data is
/// that CloudEvent in JSON, as if it had been sent so.
/// </summary>
internal static class BinaryCloudEvent
{
    private const string SpecVersion = "ce-specversion";
    private const string Type = "ce-type";
    private const string ContentType = "Content-Type";
    private const string Json = "application/json";

    /// <summary>Letters beyond ASCII stay as they are; nothing of this is put into HTML.</summary>
    private static readonly JsonEventFormatter Formatter =
        new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = JsonText.MaxDepth }, CloudEventBody.Options);

    /// <summary>Whether the headers are a CloudEvent's, complete or not.</summary>
    public static bool Matches(IHeaderDictionary headers) => headers.ContainsKey(SpecVersion) || headers.ContainsKey(Type);

    /// <param name="headers">The request's, Content-Type included.</param>
    /// <param name="body">Of any type. Without a Content-Type it is JSON.</param>
    /// <exception cref="InvalidInputException">They are no CloudEvent, or one outside the limits.</exception>
    public static NewEvent Read(IHeaderDictionary headers, ReadOnlyMemory<byte> body)
    {
        try
        {
            var cloudEvent = ReadAttributes(headers);
            var contentType = headers.ContentType.Count > 0 ? SingleValue.Require(ContentType, headers.ContentType) : null;
            if (!body.IsEmpty)
                ReadData(cloudEvent, contentType, body);

            cloudEvent.DataContentType = contentType;
            var json = Formatter.EncodeStructuredModeMessage(cloudEvent.Validate(), out _);
            return BodyEvents.Require(new NewEvent(cloudEvent.Type, json), "the CloudEvent");
        }
        catch (Exception ex) when (CloudEventBody.IsInvalid(ex))
        {
            throw CloudEventBody.Invalid("the request is no CloudEvent 1.0 in binary mode", ex);
        }
    }

    private static void ReadData(CloudEvent cloudEvent, string? contentType, ReadOnlyMemory<byte> body)
    {
        var decodedAs = contentType is null ? Json : Utf8Body.MediaType(contentType); // the library does not know all names of UTF-8
        if (Utf8Body.IsJson(decodedAs))
            (decodedAs, body) = (Json, JsonText.Require(Utf8Body.Require(body)));

        else if (decodedAs?.StartsWith("text/", StringComparison.Ordinal) == true)
            body = Utf8Body.Require(body); // the library would replace what is not valid

        cloudEvent.DataContentType = decodedAs ?? contentType;
        try
        {
            Formatter.DecodeBinaryModeEventData(body, cloudEvent);
        }
        catch (ArgumentException)
        {
            throw new InvalidInputException(ContentType, $"{ContentType} names a charset that is not known; UTF-8 is.");
        }
    }

    private static CloudEvent ReadAttributes(IHeaderDictionary headers)
    {
        var version = headers.TryGetValue(SpecVersion, out var versions) ? CloudEventsSpecVersion.FromVersionId(SingleValue.Require(SpecVersion, versions)) : null;
        if (version is null)
            throw new InvalidInputException(SpecVersion, $"{SpecVersion} is missing or not 1.0.");
        var cloudEvent = new CloudEvent(version);
        foreach (var (header, values) in headers)
        {
            var name = HttpUtilities.GetAttributeNameFromHeaderName(header);
            if (name is null || name == CloudEventsSpecVersion.SpecVersionAttribute.Name)
                continue;

            Set(cloudEvent, header, name, HttpUtilities.DecodeHeaderValue(SingleValue.Require(header, values) ?? ""));
        }

        foreach (var required in version.RequiredAttributes.Where(required => cloudEvent[required] is null))
            throw new InvalidInputException($"ce-{required.Name}", $"ce-{required.Name} is missing.");

        return cloudEvent;
    }

    private static void Set(CloudEvent cloudEvent, string header, string name, string value)
    {
        try
        {
            cloudEvent.SetAttributeFromString(name, value);
        }
        catch (Exception ex) when (CloudEventBody.IsInvalid(ex))
        {
            throw new InvalidInputException(header, $"{header} has {value.Length} characters that are no value of the attribute '{name}', or that is no attribute's name.");
        }
    }
}
