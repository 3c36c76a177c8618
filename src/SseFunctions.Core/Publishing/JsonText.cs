using System.Buffers;
using System.Text.Json;
using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>JSON that is passed on as it was written.</summary>
internal static class JsonText
{
    public const int MaxDepth = 1000;

    public static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = MaxDepth };

    /// <summary>Ensures that a text is one JSON value.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="place">What the text is, for the message.</param>
    /// <returns>The value as it was written, without the white space around it.</returns>
    /// <exception cref="InvalidInputException">It is not.</exception>
    public static ReadOnlyMemory<byte> Require(ReadOnlyMemory<byte> text, string place = "the body")
    {
        try
        {
            var reader = new Utf8JsonReader(text.Span, ReaderOptions);
            while (reader.Read())
            {
                // A string's escapes are checked only when it is read.
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                    Unescape(reader);
            }
        }
        catch (Exception ex) when (ex is JsonException or InvalidOperationException)
        {
            // JsonException's own message may quote the body.
            var where = ex is JsonException json ? $" (line {json.LineNumber + 1}, byte {json.BytePositionInLine})" : "";
            throw new InvalidInputException("body", $"{place} is not one JSON value{where}.");
        }

        return Trim(text);
    }

    public static ReadOnlyMemory<byte> Trim(ReadOnlyMemory<byte> json)
    {
        var start = json.Span.IndexOfAnyExcept(" \t\r\n"u8);
        return start < 0 ? default : json.Slice(start, json.Span.Trim(" \t\r\n"u8).Length);
    }

    /// <summary>Checks the escapes without making a string of each.</summary>
    private static void Unescape(Utf8JsonReader reader)
    {
        var buffer = ArrayPool<char>.Shared.Rent(reader.ValueSpan.Length);
        try
        {
            reader.CopyString(buffer);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }
    }
}
