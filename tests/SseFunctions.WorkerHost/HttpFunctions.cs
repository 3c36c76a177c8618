using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace SseFunctions.WorkerHost;

/// <summary>The HTTP functions, as the host's clients see them: it routes, checks keys, and answers 404 to all else.</summary>
internal sealed class HttpFunctions : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly HostForwarder forwarder;

    private HttpFunctions(WebApplication app, HostForwarder forwarder, HttpInvoker invoker) =>
        (this.app, this.forwarder, Invoker) = (app, forwarder, invoker);

    /// <summary>Where it listens.</summary>
    public Uri Address => new(app.Urls.Single());

    public HttpInvoker Invoker { get; }

    /// <param name="functions">The HTTP functions.</param>
    /// <param name="routePrefix">What stands before their routes.</param>
    /// <param name="key">Opens those that need one.</param>
    /// <param name="makeInvoker">Makes what runs them.</param>
    public static async Task<HttpFunctions> StartAsync(
        IEnumerable<FunctionDefinition> functions, string routePrefix, string key, Func<HostForwarder, HttpInvoker> makeInvoker)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddHttpForwarder();
        var app = builder.Build();
        var forwarder = new HostForwarder(app.Services.GetRequiredService<IHttpForwarder>());
        var invoker = makeInvoker(forwarder);
        foreach (var function in functions)
        {
            app.MapMethods($"{routePrefix}/{function.Trigger.Route}", function.Trigger.Methods!, context =>
                function.Trigger.IsAnonymous || HasKey(context.Request, key) ? invoker.InvokeAsync(context, function) : Answer(context, StatusCodes.Status401Unauthorized));
        }

        // To the host a route of other methods is no route; without this, ASP.NET Core would answer 405.
        app.Map("{**path}", context => Answer(context, StatusCodes.Status404NotFound)).WithOrder(int.MaxValue);
        await app.StartAsync();
        return new HttpFunctions(app, forwarder, invoker);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        forwarder.Dispose();
    }

    private static bool HasKey(HttpRequest request, string key) => request.Headers["x-functions-key"] == key || request.Query["code"] == key;

    private static Task Answer(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }
}
