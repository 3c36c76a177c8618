using Microsoft.AspNetCore.Http;
using SseFunctions.Pages;

namespace SseFunctions.Api;

/// <summary>GET demo, GET client.js and GET openapi.json: the files that the app brings.</summary>
internal static class PageEndpoint
{
    /// <summary>The page of the classic example. What it asks for is relative to its own address, which so must not end in a slash.</summary>
    public static IResult Demo(HttpContext context) => context.Request.Path.Value?.EndsWith('/') == true
        ? TypedResults.Redirect($"../{Routes.Demo}{context.Request.QueryString}")
        : EmbeddedPage.Demo;

    /// <summary>The optional client.</summary>
    public static IResult Client() => EmbeddedPage.Client;

    /// <summary>What there is to ask for, as OpenAPI describes it.</summary>
    public static IResult OpenApi() => EmbeddedPage.OpenApi;
}
