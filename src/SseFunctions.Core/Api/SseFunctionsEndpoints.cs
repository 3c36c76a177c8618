using Microsoft.AspNetCore.Builder;

namespace SseFunctions.Api;

/// <summary>
/// The routes of the emitter in an ASP.NET Core app. A convention of this object is one of all of them, but for <c>AllowAnonymous</c>:
/// there, as of a group around them, it leaves those of <see cref="Keyed"/> as they are.
/// </summary>
public sealed class SseFunctionsEndpoints : IEndpointConventionBuilder
{
    private readonly IEndpointConventionBuilder all;

    internal SseFunctionsEndpoints(IEndpointConventionBuilder all, IEndpointConventionBuilder open, IEndpointConventionBuilder keyed) =>
        (this.all, Open, Keyed) = (all, open, keyed);

    /// <summary>
    /// The routes that in a function app need no key: streams, history, what a topic holds, publishing by token, and what is for everybody.
    /// The app's <see cref="Access.ITopicAuthorizer"/> decides about each topic.
    /// </summary>
    public IEndpointConventionBuilder Open { get; }

    /// <summary>
    /// The routes that in a function app need the function key: publishing, tokens, and what lists, changes or ends topics. They
    /// answer 403 until the app says who may call them, by <c>RequireAuthorization</c> or, where everybody who can reach the app may,
    /// <c>AllowAnonymous</c>, which counts here only.
    /// </summary>
    public IEndpointConventionBuilder Keyed { get; }

    /// <inheritdoc/>
    public void Add(Action<EndpointBuilder> convention) => all.Add(convention);

    /// <inheritdoc/>
    public void Finally(Action<EndpointBuilder> finallyConvention) => all.Finally(finallyConvention);
}
