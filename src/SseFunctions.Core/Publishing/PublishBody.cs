using Microsoft.AspNetCore.Http;
using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>A kind of request body that can be published, and how it becomes events.</summary>
internal sealed class PublishBody
{
    /// <summary>4 MiB: an append's data, and what writing it as lines of JSON adds.</summary>
    public const int MaxBatchBytes = 4 * 1024 * 1024;

    private static readonly PublishBody[] All =
    [
        new("application/json", ReadJson),
        new("text/plain", (body, type) => [new NewEvent(type, body)]),
        new("application/x-ndjson", NdjsonBody.Read) { IsBatch = true },
        new("application/cloudevents+json", CloudEventBody.ReadOne) { IsCloudEvents = true },
        new("application/cloudevents-batch+json", CloudEventBody.ReadBatch) { IsBatch = true, IsCloudEvents = true },
    ];

    private readonly Func<ReadOnlyMemory<byte>, string?, IReadOnlyList<NewEvent>> read;

    private PublishBody(string mediaType, Func<ReadOnlyMemory<byte>, string?, IReadOnlyList<NewEvent>> read) => (MediaType, this.read) = (mediaType, read);

    public static IEnumerable<string> MediaTypes => All.Select(body => body.MediaType);

    public string MediaType { get; }

    /// <summary>Whether the body may hold several events; otherwise all of it is one event's data.</summary>
    public bool IsBatch { get; private init; }

    public bool IsCloudEvents { get; private init; }

    public int MaxBytes => IsBatch ? MaxBatchBytes : AppendLimits.MaxDataBytes;

    /// <summary>Whether the body may be anything; otherwise it is text in UTF-8.</summary>
    private bool IsBinary { get; init; }

    /// <summary>The kind of body that a request has: by its Content-Type, or by the headers of a CloudEvent in binary mode.</summary>
    /// <returns>Null when bodies of this type cannot be published.</returns>
    public static PublishBody? For(HttpRequest request)
    {
        var body = For(request.Headers.ContentType.ToString());
        return body?.IsCloudEvents != true && BinaryCloudEvent.Matches(request.Headers) ? BinaryMode(request.Headers) : body;
    }

    /// <summary>The kind of body that a Content-Type says; it must be UTF-8.</summary>
    /// <returns>Null when bodies of this type cannot be published.</returns>
    public static PublishBody? For(string contentType)
    {
        var mediaType = Utf8Body.MediaType(contentType);
        return All.FirstOrDefault(body => body.MediaType == mediaType);
    }

    /// <summary>Reads the events.</summary>
    /// <param name="body">What was sent.</param>
    /// <param name="type">The type of events that do not say their own; null for none.</param>
    /// <exception cref="InvalidInputException">The body is not what its Content-Type says, or something is outside its limits.</exception>
    public IReadOnlyList<NewEvent> Read(ReadOnlyMemory<byte> body, string? type) => read(IsBinary ? body : Utf8Body.Require(body), type);

    private static PublishBody BinaryMode(IHeaderDictionary headers)
    {
        return new("", Read) { IsCloudEvents = true, IsBinary = true };

        IReadOnlyList<NewEvent> Read(ReadOnlyMemory<byte> body, string? type)
        {
            CloudEventBody.RefuseType(type);
            return [BinaryCloudEvent.Read(headers, body)];
        }
    }

    private static IReadOnlyList<NewEvent> ReadJson(ReadOnlyMemory<byte> body, string? type)
    {
        var json = JsonText.Require(body);
        EventGridSchema.RefuseValidationEvent(json);
        return [new NewEvent(type, json)];
    }
}
