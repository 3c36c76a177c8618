using System.Text.Json;
using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>
/// Lines of JSON, github.com/ndjson/ndjson-spec: an event each, <c>{"type"?, "data"}</c>. Whatever value the data is, it is
/// taken as it was written. Empty lines do not count.
/// </summary>
internal static class NdjsonBody
{
    private const string Data = "data";
    private const string Type = "type";

    /// <exception cref="InvalidInputException">
    /// A line is no such event or outside the limits, and the message names it; or there are too many.
    /// </exception>
    public static IReadOnlyList<NewEvent> Read(ReadOnlyMemory<byte> body, string? type)
    {
        var lines = Lines(body).Where(line => line.Text.Length > 0);
        BodyEvents.RequireCount(lines.Count()); // before anything is kept of any
        return [.. lines.Select(line => BodyEvents.Require(ReadLine(line.Text, type, $"line {line.Number}"), $"line {line.Number}"))];
    }

    private static IEnumerable<(int Number, ReadOnlyMemory<byte> Text)> Lines(ReadOnlyMemory<byte> body)
    {
        for (var number = 1; body.Length > 0; number++)
        {
            var end = body.Span.IndexOf((byte)'\n');
            yield return (number, JsonText.Trim(end < 0 ? body : body[..end]));
            body = end < 0 ? default : body[(end + 1)..];
        }
    }

    private static NewEvent ReadLine(ReadOnlyMemory<byte> line, string? type, string place)
    {
        JsonText.Require(line, place);
        var reader = new Utf8JsonReader(line.Span, JsonText.ReaderOptions);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new InvalidInputException("body", $"{place} is no JSON object.");

        ReadOnlyMemory<byte>? data = null;
        var hasType = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            if (name == Data && data is null)
                data = Value(ref reader, line);
            else if (name == Type && !hasType)
                (hasType, type) = (true, TypeOf(ref reader, place) ?? type);
            else
                throw new InvalidInputException("body", $"{place} has another member than one \"{Type}\" and one \"{Data}\".");
        }

        if (data is null)
            throw new InvalidInputException("body", $"{place} has no member \"{Data}\".");

        return new NewEvent(type, data.Value.ToArray()); // a copy, so that one small event in memory does not hold all of the body there
    }

    private static ReadOnlyMemory<byte> Value(ref Utf8JsonReader reader, ReadOnlyMemory<byte> line)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return line[start..(int)reader.BytesConsumed];
    }

    private static string? TypeOf(ref Utf8JsonReader reader, string place) => reader.TokenType switch
    {
        JsonTokenType.String => reader.GetString(),
        JsonTokenType.Null => null,
        _ => throw new InvalidInputException("body", $"{place} has a \"{Type}\" that is no string."),
    };
}
