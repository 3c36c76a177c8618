using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SseFunctions.Api;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the emitter's routes in an ASP.NET Core app.</summary>
public static class SseFunctionsEndpointRouteBuilderExtensions
{
    /// <summary>Maps every route, below <see cref="SseFunctionsBuilder.RoutePrefix"/>; <c>AddSseFunctions</c> has registered what they need.</summary>
    /// <param name="endpoints">The app, or a group of its routes.</param>
    /// <returns>The routes, among them those of which the app must say who may call them.</returns>
    /// <exception cref="InvalidOperationException"><c>AddSseFunctions</c> was not called.</exception>
    public static SseFunctionsEndpoints MapSseFunctions(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var settings = endpoints.ServiceProvider.GetService<Settings>()
            ?? throw new InvalidOperationException("MapSseFunctions needs builder.Services.AddSseFunctions(builder.Configuration) before.");
        var all = endpoints.MapGroup(settings.RoutePrefix);
        var (open, keyed) = (all.MapGroup(""), all.MapGroup(""));
        ((IEndpointConventionBuilder)keyed).Add(CloseAgain); // the first of these routes' own conventions, after those of the groups around them
        keyed.AddEndpointFilter(RefuseUndecidedAsync);
        SseRoutes.Map(open, keyed);
        return new SseFunctionsEndpoints(all, open, keyed);
    }

    /// <summary>
    /// An app that opens all its routes, or all of the emitter's, has not said that everybody may delete topics. ASP.NET Core would let
    /// <c>AllowAnonymous</c> win over any policy of these routes, too.
    /// </summary>
    private static void CloseAgain(EndpointBuilder endpoint)
    {
        foreach (var opening in endpoint.Metadata.OfType<IAllowAnonymous>().ToList())
            endpoint.Metadata.Remove(opening);
    }

    private static ValueTask<object?> RefuseUndecidedAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var metadata = context.HttpContext.GetEndpoint()!.Metadata;
        return metadata.GetMetadata<IAuthorizeData>() is not null || metadata.GetMetadata<IAllowAnonymous>() is not null || metadata.GetMetadata<AuthorizationPolicy>() is not null
            ? next(context)
            : new(Problem.Create(
                StatusCodes.Status403Forbidden,
                "No access",
                "this app has not said who may call this route: MapSseFunctions().Keyed.RequireAuthorization(...) or, for everybody, .AllowAnonymous()."));
    }
}
