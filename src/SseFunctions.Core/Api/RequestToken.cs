using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using SseFunctions.Access;
using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>Finds the token of a request. The most explicit place wins, and the others are then ignored.</summary>
internal static class RequestToken
{
    public const string Cookie = "sse_token";

    /// <summary>The headers that decide, for caches.</summary>
    public const string Vary = "Authorization, Cookie";

    private const string Bearer = "Bearer ";

    /// <returns>Null when it carries none.</returns>
    /// <exception cref="AccessDeniedException">The header or the query has two that differ.</exception>
    public static string? Find(HttpRequest request) => FindExplicit(request) ?? CookieToken(request);

    /// <summary>As above, without the cookie, which a browser sends by itself.</summary>
    public static string? FindExplicit(HttpRequest request)
    {
        try
        {
            return SingleValue.Require(AccessDeniedException.TokenField, BearerTokens(request)) ?? RequestValue.FromQuery(request, AccessDeniedException.TokenField);
        }
        catch (InvalidInputException ex)
        {
            throw AccessDeniedException.InvalidToken(ex.Message, ex.Limit, ex.Size);
        }
    }

    /// <summary>Clients that add a header twice send a second line, or a second value after a comma.</summary>
    private static IEnumerable<string> BearerTokens(HttpRequest request) => request.Headers.Authorization
        .SelectMany(line => (line ?? "").Split(',', StringSplitOptions.TrimEntries))
        .Where(value => value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        .Select(value => value[Bearer.Length..].Trim());

    /// <summary>Of several cookies of one name the first: browsers send the one with the longest path first (RFC 6265, section 5.4).</summary>
    private static string? CookieToken(HttpRequest request) => CookieHeaderValue.TryParseList(request.Headers.Cookie, out var cookies)
        ? cookies
            .Where(cookie => cookie.Name == Cookie)
            .Select(cookie => Uri.UnescapeDataString(HeaderUtilities.RemoveQuotes(cookie.Value).ToString()))
            .FirstOrDefault(token => token.Length > 0)
        : null;
}
