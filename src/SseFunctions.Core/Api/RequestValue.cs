using Microsoft.AspNetCore.Http;
using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>Reads what a request gives once; see <see cref="SingleValue"/>.</summary>
internal static class RequestValue
{
    /// <returns>The query parameter; null when it is not there or empty.</returns>
    /// <exception cref="InvalidInputException">It has different values.</exception>
    public static string? FromQuery(HttpRequest request, string name) => SingleValue.Require(name, request.Query[name]);

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
