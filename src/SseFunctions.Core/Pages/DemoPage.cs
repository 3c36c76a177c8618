using System.Net.Mime;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace SseFunctions.Pages;

/// <summary>The demo page, from the assembly's resources. It runs its own script and style, and asks this server only.</summary>
internal sealed class DemoPage : IResult
{
    private readonly string html;
    private readonly string policy;

    private DemoPage(string html)
    {
        this.html = html;
        policy = string.Join(
            "; ",
            "default-src 'none'",
            $"script-src {HashOf("script")}",
            $"style-src {HashOf("style")}",
            "img-src data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'");
    }

    public static DemoPage Result { get; } = new(Load("demo.html"));

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var headers = httpContext.Response.Headers;
        headers.ContentSecurityPolicy = policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-cache"; // the next version is another page
        return TypedResults.Text(html, MediaTypeNames.Text.Html, Encoding.UTF8).ExecuteAsync(httpContext);
    }

    /// <summary>By its content, as a policy names the one inline element that it allows: w3.org/TR/CSP3/#grammardef-hash-source.</summary>
    private string HashOf(string element)
    {
        var (open, close) = ($"<{element}>", $"</{element}>");
        var start = html.IndexOf(open, StringComparison.Ordinal) + open.Length;
        var content = html[start..html.IndexOf(close, start, StringComparison.Ordinal)];
        return $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)))}'";
    }

    private static string Load(string name)
    {
        using var resource = typeof(DemoPage).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(resource, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n"); // a browser hashes what it has parsed, which has line feeds only
    }
}
