using Microsoft.AspNetCore.Http;
using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>Reads what a request gives once; see <see cref="SingleValue"/>.</summary>
internal static class RequestValue
{
    /// <returns>The query parameter; null when it is not there or empty.</returns>
    /// <exception cref="InvalidInputException">It has different values.</exception>
    public static string? FromQuery(HttpRequest request, string name) => SingleValue.Require(name, request.Query[name]);

    /// <returns>Whether the query parameter is 'true'; false when it is not there or empty.</returns>
    /// <exception cref="InvalidInputException">It is neither 'true' nor 'false', or has different values.</exception>
    public static bool BooleanFromQuery(HttpRequest request, string name) => FromQuery(request, name) switch
    {
        null or "false" => false,
        "true" => true,
        var other => throw new InvalidInputException(name, $"{name} has {other.Length} characters that are neither 'true' nor 'false'."),
    };

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
