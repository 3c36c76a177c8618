using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace SseFunctions.EndToEnd;

/// <summary>A proxy that does to streams what proxies on the way do: answers itself, cuts off, and goes silent.</summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private static readonly ForwarderRequestConfig Config = new()
    {
        ActivityTimeout = TimeSpan.FromHours(1),
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private readonly WebApplication app;
    private readonly HttpMessageInvoker invoker;
    private readonly string destination;
    private readonly ConcurrentDictionary<HttpContext, bool> underWay = [];
    private readonly ConcurrentQueue<string> requests = [];

    private FaultProxy(WebApplication app, HttpMessageInvoker invoker, Uri destination)
    {
        (this.app, this.invoker) = (app, invoker);
        this.destination = destination.GetLeftPart(UriPartial.Authority);
        BaseAddress = new Uri(new Uri(app.Urls.First()), destination.AbsolutePath);
    }

    /// <summary>What the destination's base address is behind the proxy.</summary>
    public Uri BaseAddress { get; }

    /// <summary>The path and query of each stream request so far.</summary>
    public IReadOnlyCollection<string> Requests => requests;

    /// <summary>What answers a stream request instead of the host; null to forward it.</summary>
    public Func<HttpContext, Task>? Fault { get; set; }

    /// <summary>How many stream requests have met the fault.</summary>
    public Tally Faults { get; } = new();

    public static async Task<FaultProxy> StartAsync(Uri destination)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddHttpForwarder();
        var app = builder.Build();
        var invoker = new HttpMessageInvoker(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false });
        FaultProxy? proxy = null;
        app.Run(async context =>
        {
            if (context.Request.Path.Value!.Contains("/events", StringComparison.Ordinal))
            {
                proxy!.requests.Enqueue(context.Request.Path + context.Request.QueryString);
                proxy.underWay[context] = true;
                if (proxy.Fault is { } fault)
                {
                    proxy.Faults.Add();
                    await fault(context);
                    proxy.underWay.TryRemove(context, out _);
                    return;
                }
            }

            await proxy!.ForwardAsync(context);
            proxy.underWay.TryRemove(context, out _);
        });
        await app.StartAsync();
        return proxy = new FaultProxy(app, invoker, destination);
    }

    /// <summary>Lets the host answer.</summary>
    public async Task ForwardAsync(HttpContext context) =>
        await app.Services.GetRequiredService<IHttpForwarder>().SendAsync(context, destination, invoker, Config);

    /// <summary>Answers each stream request with this status.</summary>
    public void Answer(int status, string contentType = "text/plain") => Fault = async context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        await context.Response.WriteAsync("not the server");
    };

    /// <summary>Cuts all stream requests that are under way, on both sides.</summary>
    public void Cut()
    {
        foreach (var context in underWay.Keys)
            context.Abort();
    }

    public async ValueTask DisposeAsync()
    {
        Cut();
        await app.DisposeAsync();
        invoker.Dispose();
    }
}
