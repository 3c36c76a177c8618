using System.Globalization;
using Microsoft.AspNetCore.Http;
using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>Reads what a request gives once; see <see cref="SingleValue"/>.</summary>
internal static class RequestValue
{
    /// <returns>The query parameter; null when it is not there or empty.</returns>
    /// <exception cref="InvalidInputException">It has different values.</exception>
    public static string? FromQuery(HttpRequest request, string name) =>
        request.Query[name] is { Count: > 0 } values ? SingleValue.Require(name, values) : null; // a stream asks for six, and most are not there

    /// <returns>Whether the query parameter is 'true'; false when it is not there or empty.</returns>
    /// <exception cref="InvalidInputException">It is neither 'true' nor 'false', or has different values.</exception>
    public static bool BooleanFromQuery(HttpRequest request, string name) => FromQuery(request, name) switch
    {
        null or "false" => false,
        "true" => true,
        var other => throw new InvalidInputException(name, $"{name} has {other.Length} characters that are neither 'true' nor 'false'."),
    };

    /// <returns>The query parameter, a whole number; null when it is not there or empty.</returns>
    /// <exception cref="InvalidInputException">It is none, or outside its range, or has different values.</exception>
    public static long? NumberFromQuery(HttpRequest request, string name, long min, long max)
    {
        if (FromQuery(request, name) is not { } text)
            return null;

        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            throw new InvalidInputException(name, $"{name} has {text.Length} characters that are no whole number from {min} to {max}.");

        return number >= min && number <= max
            ? number
            : throw new InvalidInputException(name, $"{name} is {number}; {min} to {max} are allowed.", max, number, number > max);
    }

    /// <returns>The header, which may be empty; null when it is not there.</returns>
    /// <exception cref="InvalidInputException">It has different values.</exception>
    public static string? FromHeader(HttpRequest request, string name)
    {
        // A client that adds a header twice sends it on two lines or, as fetch does, on one with ", " between them.
        return request.Headers.TryGetValue(name, out var lines)
            ? SingleValue.Require(name, string.Join(", ", lines.ToArray()).Split(", ")) ?? ""
            : null;
    }
}
