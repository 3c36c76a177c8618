using System.Buffers;
using System.Text.Json;
using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>JSON that is passed on as it was written.</summary>
internal static class JsonText
{
    public const int MaxDepth = 1000;

    private static readonly SearchValues<byte> Number = SearchValues.Create("+-.0123456789Ee"u8);

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
            Check(text.Span);
        }
        catch (Exception ex) when (ex is JsonException or InvalidOperationException)
        {
            // JsonException's own message may quote the body.
            var where = ex is JsonException json ? $" (line {json.LineNumber + 1}, byte {json.BytePositionInLine})" : "";
            throw new InvalidInputException("body", $"{place} is not one JSON value{where}.");
        }

        return Trim(text);
    }

    /// <summary>Whether a text is one JSON value.</summary>
    /// <param name="text">UTF-8.</param>
    public static bool IsValue(ReadOnlyMemory<byte> text)
    {
        var trimmed = Trim(text).Span;
        if (trimmed.IsEmpty || !MayBeValue(trimmed))
            return false;

        try
        {
            Check(trimmed);
            return true;
        }
        catch (Exception ex) when (ex is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    public static ReadOnlyMemory<byte> Trim(ReadOnlyMemory<byte> json)
    {
        var start = json.Span.IndexOfAnyExcept(" \t\r\n"u8);
        return start < 0 ? default : json.Slice(start, json.Span.Trim(" \t\r\n"u8).Length);
    }

    /// <summary>An exception costs a hundred times what this look at the ends does, and most texts that are no JSON show it there.</summary>
    private static bool MayBeValue(ReadOnlySpan<byte> text) => (text[0], text[^1]) switch
    {
        ((byte)'{', (byte)'}') or ((byte)'[', (byte)']') => true,
        ((byte)'"', (byte)'"') => text.Length > 1,
        _ => text.SequenceEqual("true"u8) || text.SequenceEqual("false"u8) || text.SequenceEqual("null"u8) || !text.ContainsAnyExcept(Number),
    };

    private static void Check(ReadOnlySpan<byte> text)
    {
        var reader = new Utf8JsonReader(text, ReaderOptions);
        while (reader.Read())
        {
            // A string's escapes are checked only when it is read.
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                Unescape(reader);
        }
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
