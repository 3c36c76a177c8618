using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace SseFunctions.Access;

/// <summary>Finds the token of a request. The most explicit place wins, and the others are then not looked at.</summary>
internal static class RequestToken
{
    public const string Field = "token";
    public const string Cookie = "sse_token";

    private const string Bearer = "Bearer ";

    /// <returns>Null when it carries none.</returns>
    /// <exception cref="AccessFaultException">One place has several.</exception>
    public static string? Find(HttpRequest request) =>
        Single(BearerTokens(request)) ?? Single(request.Query[Field]) ?? Single(request.Cookies[Cookie]);

    private static StringValues BearerTokens(HttpRequest request) => request.Headers.Authorization
        .Where(value => value is not null && value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        .Select(value => value![Bearer.Length..].Trim())
        .ToArray();

    private static string? Single(StringValues values) => values.Count > 1
        ? throw new AccessFaultException(Field, $"the token is given {values.Count} times in one place; once is allowed.", 1, values.Count)
        : values.Count == 1 && values[0] is { Length: > 0 } token ? token : null;
}
