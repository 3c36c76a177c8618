using System.Text.Unicode;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>What holds for every body of text: it is UTF-8, with or without a byte order mark, and may say so.</summary>
internal static class Utf8Body
{
    /// <summary>The names of UTF-8, encoding.spec.whatwg.org/#names-and-labels, and of ASCII, which is a part of it.</summary>
    private static readonly HashSet<string> Labels = new(StringComparer.OrdinalIgnoreCase)
    {
        "utf-8", "utf8", "unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "x-unicode20utf8", "us-ascii", "ascii",
    };

    private static readonly byte[] Bom = [0xEF, 0xBB, 0xBF];

    /// <summary>Reads a Content-Type. Given several times, it must say the same each time.</summary>
    /// <returns>The media type in lower case; null when there is none, or it says another charset than UTF-8.</returns>
    public static string? MediaType(StringValues contentType)
    {
        if (!MediaTypeHeaderValue.TryParseList([.. contentType.Select(line => (line ?? "").TrimEnd(';', ' '))], out var types) || types.Distinct().Count() != 1)
            return null;

        var charset = HeaderUtilities.RemoveQuotes(types[0].Charset);
        return !charset.HasValue || Labels.Contains(charset.ToString().Trim()) ? types[0].MediaType.ToString().ToLowerInvariant() : null;
    }

    /// <summary>Whether values of a media type are JSON: RFC 6839, section 3.1, and any subtype json, as CloudEvents' JSON format says.</summary>
    public static bool IsJson(string? mediaType) =>
        mediaType?.EndsWith("/json", StringComparison.Ordinal) == true || mediaType?.EndsWith("+json", StringComparison.Ordinal) == true;

    public static ReadOnlyMemory<byte> WithoutBom(ReadOnlyMemory<byte> body) => body.Span.StartsWith(Bom) ? body[Bom.Length..] : body;

    /// <returns>The text without its byte order mark.</returns>
    /// <exception cref="InvalidInputException">It is not valid UTF-8.</exception>
    public static ReadOnlyMemory<byte> Require(ReadOnlyMemory<byte> body) => Utf8.IsValid(body.Span)
        ? WithoutBom(body)
        : throw new InvalidInputException("body", "the body is not valid UTF-8.");
}
