using System.Net.Mime;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.Net.Http.Headers;
using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>Turns the body of a publish request into events.</summary>
internal static class PublishBody
{
    public static readonly IReadOnlyList<string> MediaTypes = [MediaTypeNames.Application.Json, MediaTypeNames.Text.Plain];

    private const int MaxJsonDepth = 1000;

    private static readonly byte[] Utf8Bom = [0xEF, 0xBB, 0xBF];

    /// <summary>Whether bodies of this Content-Type can be read; they must be UTF-8.</summary>
    public static bool IsSupported(string? contentType, out bool isJson)
    {
        isJson = false;
        if (!MediaTypeHeaderValue.TryParse(contentType, out var header))
            return false;

        isJson = header.MediaType.Equals(MediaTypeNames.Application.Json, StringComparison.OrdinalIgnoreCase);
        return (isJson || header.MediaType.Equals(MediaTypeNames.Text.Plain, StringComparison.OrdinalIgnoreCase))
            && (!header.Charset.HasValue || HeaderUtilities.RemoveQuotes(header.Charset).Equals(Encoding.UTF8.WebName, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Reads one event. A JSON value is taken as it was written, without the white space around it.</summary>
    /// <exception cref="FormatException">The body is not what its Content-Type says.</exception>
    /// <exception cref="EventLimitException">The type or the data is outside its limits.</exception>
    public static NewEvent Read(ReadOnlyMemory<byte> body, bool isJson, string? type)
    {
        if (body.Span.StartsWith(Utf8Bom))
            body = body[Utf8Bom.Length..];

        if (!Utf8.IsValid(body.Span))
            throw new FormatException("the body is not valid UTF-8.");

        if (isJson)
        {
            RequireJson(body.Span);
            body = Trim(body);
        }

        var newEvent = new NewEvent(type, body);
        newEvent.Validate();
        return newEvent;
    }

    private static void RequireJson(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxJsonDepth });
            while (reader.Read())
            {
                // A string's escapes are checked only when it is read.
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                    reader.GetString();
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // JsonException's own message may quote the body.
            var where = fault is JsonException json ? $" (line {json.LineNumber + 1}, byte {json.BytePositionInLine})" : "";
            throw new FormatException($"the body is not one JSON value{where}.", fault);
        }
    }

    private static ReadOnlyMemory<byte> Trim(ReadOnlyMemory<byte> json)
    {
        var trimmed = json.Span.Trim(" \t\r\n"u8);
        var start = json.Span.IndexOfAnyExcept(" \t\r\n"u8);
        return json.Slice(start, trimmed.Length);
    }
}
