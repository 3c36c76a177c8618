using Microsoft.AspNetCore.Builder;

namespace SseFunctions.Api;

/// <summary>The routes of the emitter in an ASP.NET Core app. A convention of this object is one of all of them.</summary>
public sealed class SseFunctionsEndpoints : IEndpointConventionBuilder
{
    private readonly IEndpointConventionBuilder all;

    internal SseFunctionsEndpoints(IEndpointConventionBuilder all, IEndpointConventionBuilder keyed) => (this.all, Keyed) = (all, keyed);

    /// <summary>
    /// The routes that in a function app need the function key: publishing, tokens, and what lists, changes or ends topics. They
    /// answer 403 until the app says who may call them, by <c>RequireAuthorization</c> or, where everybody who can reach the app may,
    /// <c>AllowAnonymous</c>.
    /// </summary>
    public IEndpointConventionBuilder Keyed { get; }

    /// <inheritdoc/>
    public void Add(Action<EndpointBuilder> convention) => all.Add(convention);

    /// <inheritdoc/>
    public void Finally(Action<EndpointBuilder> finallyConvention) => all.Finally(finallyConvention);
}
