using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace SseFunctions.EndToEnd;

/// <summary>
/// The proxy through which every byte between a client and the function app passes in production: YARP's forwarder, set as
/// the Functions host sets it (Azure/azure-functions-host, src/WebJobs.Script.Grpc/Server/DefaultHttpProxyService.cs).
/// </summary>
internal sealed class HostProxy : IAsyncDisposable
{
    /// <summary>The host's: how long no byte may pass before it cuts a request off.</summary>
    private static readonly TimeSpan HostActivityTimeout = TimeSpan.FromSeconds(240);

    private readonly WebApplication app;
    private readonly HttpMessageInvoker invoker;
    private readonly ConcurrentDictionary<HttpContext, bool> underWay = [];

    private HostProxy(WebApplication app, HttpMessageInvoker invoker, Uri destination)
    {
        (this.app, this.invoker) = (app, invoker);
        BaseAddress = new Uri(new Uri(app.Urls.Single()), destination.AbsolutePath);
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false, ResponseDrainTimeout = TimeSpan.Zero }) { BaseAddress = BaseAddress, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>What the destination's base address is behind the proxy.</summary>
    public Uri BaseAddress { get; }

    /// <summary>A client that leaves at once when a response is disposed.</summary>
    public HttpClient Client { get; }

    /// <param name="destination">The root of the API behind it.</param>
    /// <param name="activityTimeout">Null for the host's.</param>
    public static async Task<HostProxy> StartAsync(Uri destination, TimeSpan? activityTimeout = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddHttpForwarder();
        var app = builder.Build();
        var invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = false,
        });
        var config = new ForwarderRequestConfig
        {
            ActivityTimeout = activityTimeout ?? HostActivityTimeout,
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var forwarder = app.Services.GetRequiredService<IHttpForwarder>();
        var origin = destination.GetLeftPart(UriPartial.Authority);
        HostProxy? proxy = null;
        app.Run(async context =>
        {
            proxy!.underWay[context] = true;
            await forwarder.SendAsync(context, origin, invoker, config);
            proxy.underWay.TryRemove(context, out _);
        });
        await app.StartAsync();
        return proxy = new HostProxy(app, invoker, destination);
    }

    /// <summary>Cuts all requests that are under way, on both sides.</summary>
    public void Cut()
    {
        foreach (var context in underWay.Keys)
            context.Abort();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Cut();
        await app.DisposeAsync();
        invoker.Dispose();
    }
}
