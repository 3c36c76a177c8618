using System.Text;
using System.Text.Unicode;
using Microsoft.Net.Http.Headers;
using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>A kind of request body that can be published, and how it becomes events.</summary>
internal sealed class PublishBody
{
    /// <summary>4 MiB: an append's data, and as much again as it takes to write that in lines of JSON.</summary>
    public const int MaxBatchBytes = 4 * 1024 * 1024;

    private static readonly PublishBody[] All =
    [
        new("application/json", isBatch: false, (body, type) => [new NewEvent(type, JsonText.Require(body))]),
        new("text/plain", isBatch: false, (body, type) => [new NewEvent(type, body)]),
        new("application/x-ndjson", isBatch: true, NdjsonBody.Read),
        new("application/cloudevents+json", isBatch: false, CloudEventBody.ReadOne),
        new("application/cloudevents-batch+json", isBatch: true, CloudEventBody.ReadBatch),
    ];

    private static readonly byte[] Utf8Bom = [0xEF, 0xBB, 0xBF];

    private readonly Func<ReadOnlyMemory<byte>, string?, IReadOnlyList<NewEvent>> read;

    private PublishBody(string mediaType, bool isBatch, Func<ReadOnlyMemory<byte>, string?, IReadOnlyList<NewEvent>> read) =>
        (MediaType, IsBatch, this.read) = (mediaType, isBatch, read);

    public static IEnumerable<string> MediaTypes => All.Select(body => body.MediaType);

    public string MediaType { get; }

    /// <summary>Whether the body may hold several events; otherwise all of it is one event's data.</summary>
    public bool IsBatch { get; }

    public int MaxBytes => IsBatch ? MaxBatchBytes : AppendLimits.MaxDataBytes;

    /// <summary>The kind of body that a Content-Type says; it must be UTF-8.</summary>
    /// <returns>Null when bodies of this type cannot be published.</returns>
    public static PublishBody? For(string? contentType)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out var header))
            return null;

        if (header.Charset.HasValue && !HeaderUtilities.RemoveQuotes(header.Charset).Equals(Encoding.UTF8.WebName, StringComparison.OrdinalIgnoreCase))
            return null;

        return All.FirstOrDefault(body => header.MediaType.Equals(body.MediaType, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Reads the events.</summary>
    /// <param name="body">What was sent.</param>
    /// <param name="type">The type of events that do not say their own; null for none.</param>
    /// <exception cref="FormatException">The body is not what its Content-Type says.</exception>
    /// <exception cref="InvalidInputException">A type, the data or the number of events is outside its limits.</exception>
    public IReadOnlyList<NewEvent> Read(ReadOnlyMemory<byte> body, string? type)
    {
        if (body.Span.StartsWith(Utf8Bom))
            body = body[Utf8Bom.Length..];

        if (!Utf8.IsValid(body.Span))
            throw new FormatException("the body is not valid UTF-8.");

        return read(body, type);
    }

    /// <exception cref="InvalidInputException">There are too many.</exception>
    public static void RequireCount(int events)
    {
        if (events > AppendLimits.MaxEvents)
            throw new InvalidInputException("events", $"the body has {events} events; {AppendLimits.MaxEvents} are allowed.", AppendLimits.MaxEvents, events, tooLarge: true);
    }

    /// <summary>Checks one event of several.</summary>
    /// <param name="newEvent">The event.</param>
    /// <param name="place">Where it stands in the body, such as "line 3".</param>
    /// <exception cref="InvalidInputException">Its type or its data is outside its limits; the message names the place.</exception>
    public static NewEvent Checked(NewEvent newEvent, string place)
    {
        try
        {
            newEvent.Validate();
            return newEvent;
        }
        catch (InvalidInputException fault)
        {
            throw new InvalidInputException(fault.Field, $"{place}: {fault.Message}", fault.Limit, fault.Size, fault.TooLarge);
        }
    }
}
