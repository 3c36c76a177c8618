using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.Primitives;
using SseFunctions.Api;

namespace SseFunctions.Local;

/// <summary>
/// What pages of other origins may do: Host.CORS and Host.CORSCredentials of local.settings.json, with func's meaning
/// (github.com/Azure/azure-functions-core-tools, Startup.cs): any method and header from these origins. On Azure the platform does it.
/// </summary>
/// <param name="policy">Null when there are no such origins.</param>
internal sealed class CrossOrigin(CorsPolicy? policy)
{
    private const string OriginsKey = "Host:CORS";
    private const string CredentialsKey = "Host:CORSCredentials";

    /// <summary>Where they are in the configuration, and in the file.</summary>
    public static IReadOnlyList<string> Keys { get; } = [OriginsKey, CredentialsKey];

    /// <exception cref="LocalHostException">They are not what a browser could match.</exception>
    public static CrossOrigin Read(IConfiguration configuration)
    {
        var origins = (configuration[OriginsKey] ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var credentials = configuration[CredentialsKey] is { Length: > 0 } text ? text : bool.FalseString;
        if (!bool.TryParse(credentials, out var withCredentials))
            throw new LocalHostException($"Host.CORSCredentials is '{credentials}'; allowed is true or false.");

        if (origins.Contains(CorsConstants.AnyOrigin) && (origins.Length > 1 || withCredentials))
            throw new LocalHostException("Host.CORS is '*', which stands alone and without Host.CORSCredentials: browsers send no cookies to a server that allows all. Name the origins.");

        foreach (var origin in origins.Where(origin => origin != CorsConstants.AnyOrigin && !IsOrigin(origin)))
            throw new LocalHostException($"Host.CORS has '{origin}'; allowed is '*', or origins such as http://localhost:5173, without a path, separated by commas.");

        return new CrossOrigin(origins.Length > 0 ? Build(origins, withCredentials) : null);
    }

    public void AddTo(IServiceCollection services)
    {
        if (policy is not null)
            services.AddCors(options => options.AddDefaultPolicy(policy));
    }

    /// <summary>To be used before any endpoint, so that problems too carry the headers that let a page read them.</summary>
    public void UseIn(WebApplication app)
    {
        if (policy is not null)
            app.UseCors();

        app.Use(RefuseForeignWritesAsync);
    }

    /// <summary>
    /// Without keys, any page that the developer visits could publish here: browsers send simple requests without asking,
    /// and say whose page it is in Origin.
    /// </summary>
    private Task RefuseForeignWritesAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        var isRead = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method);
        if (isRead || request.Headers.Origin.Count == 0 || IsAllowed(request.Headers.Origin, $"{request.Scheme}://{request.Host}"))
            return next(context);

        context.Response.Headers.Append("Vary", "Origin");
        return Problem
            .Create(
                StatusCodes.Status403Forbidden,
                "Cross-origin request",
                "a page of another origin may not write here; Host.CORS in local.settings.json names those that may.",
                "Origin")
            .ExecuteAsync(context);
    }

    private bool IsAllowed(StringValues origin, string own) => policy is { AllowAnyOrigin: true }
        || (origin.Count == 1 && (origin[0]!.Equals(own, StringComparison.OrdinalIgnoreCase) || policy?.IsOriginAllowed(origin[0]!) == true));

    private static CorsPolicy Build(string[] origins, bool withCredentials)
    {
        var builder = new CorsPolicyBuilder(origins).AllowAnyHeader().AllowAnyMethod();
        return (withCredentials ? builder.AllowCredentials() : builder).Build();
    }

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.GetLeftPart(UriPartial.Authority).Equals(text, StringComparison.OrdinalIgnoreCase);
}
