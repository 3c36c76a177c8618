using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace SseFunctions.Pages;

/// <summary>
/// A file from the assembly's resources, for browsers. They ask each time whether theirs is still the newest, and get a 304 when
/// it is.
/// </summary>
internal sealed class EmbeddedPage : IResult
{
    private readonly byte[] content;
    private readonly string contentType;
    private readonly EntityTagHeaderValue entityTag;
    private readonly string? policy;

    private EmbeddedPage(string name, string mediaType, Func<string, string>? policyOf = null)
    {
        using var resource = typeof(EmbeddedPage).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(resource, Encoding.UTF8);
        var text = reader.ReadToEnd().ReplaceLineEndings("\n"); // a browser hashes what it has parsed, which has line feeds only
        content = Encoding.UTF8.GetBytes(text);
        contentType = $"{mediaType}; charset=utf-8";
        entityTag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..16]}\"");
        policy = policyOf?.Invoke(text);
    }

    /// <summary>The optional client.</summary>
    public static EmbeddedPage Client { get; } = new("client.js", "text/javascript");

    /// <summary>What there is to ask for, as OpenAPI describes it.</summary>
    public static EmbeddedPage OpenApi { get; } = new("openapi.json", "application/json");

    /// <summary>The demo page. It runs its own script and style, and asks this server only.</summary>
    public static EmbeddedPage Demo { get; } = new("demo.html", "text/html", html => string.Join(
        "; ",
        "default-src 'none'",
        $"script-src {HashOf("script", html)}",
        $"style-src {HashOf("style", html)}",
        "img-src data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'"));

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var headers = httpContext.Response.Headers;
        headers.CacheControl = "no-cache"; // the next version is another page
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        if (policy is not null)
            headers.ContentSecurityPolicy = policy;

        return TypedResults.Bytes(content, contentType, entityTag: entityTag).ExecuteAsync(httpContext);
    }

    /// <summary>By its content, as a policy names the one inline element that it allows: w3.org/TR/CSP3/#grammardef-hash-source.</summary>
    private static string HashOf(string element, string html)
    {
        var (open, close) = ($"<{element}>", $"</{element}>");
        var start = html.IndexOf(open, StringComparison.Ordinal) + open.Length;
        var content = html[start..html.IndexOf(close, start, StringComparison.Ordinal)];
        return $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)))}'";
    }
}
