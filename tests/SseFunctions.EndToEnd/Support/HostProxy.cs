using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace SseFunctions.EndToEnd.Support;

/// <summary>
/// The proxy through which every byte between a client and the function app passes in production: YARP's forwarder, set as
/// the Functions host sets it (Azure/azure-functions-host, src/WebJobs.Script.Grpc/Server/DefaultHttpProxyService.cs). A test can
/// have it do to streams what proxies on the way do: answer itself, cut off, and go silent.
/// </summary>
internal sealed class HostProxy : IAsyncDisposable
{
    /// <summary>The host's: how long no byte may pass before it cuts a request off.</summary>
    private static readonly TimeSpan HostActivityTimeout = TimeSpan.FromSeconds(240);

    private readonly WebApplication app;
    private readonly HttpMessageInvoker invoker;
    private readonly string destination;
    private readonly ForwarderRequestConfig config;
    private readonly ConcurrentDictionary<HttpContext, bool> underWay = [];
    private readonly ConcurrentQueue<string> requests = [];

    private HostProxy(WebApplication app, HttpMessageInvoker invoker, Uri destination, ForwarderRequestConfig config)
    {
        (this.app, this.invoker, this.config) = (app, invoker, config);
        this.destination = destination.GetLeftPart(UriPartial.Authority);
        BaseAddress = new Uri(new Uri(app.Urls.Single()), destination.AbsolutePath);
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false, ResponseDrainTimeout = TimeSpan.Zero }) { BaseAddress = BaseAddress, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>What the destination's base address is behind the proxy.</summary>
    public Uri BaseAddress { get; }

    /// <summary>A client that leaves at once when a response is disposed.</summary>
    public HttpClient Client { get; }

    /// <summary>The path and query of each stream request so far.</summary>
    public IReadOnlyCollection<string> Requests => requests;

    /// <summary>What answers a stream request instead of the host; null to forward it.</summary>
    public Func<HttpContext, Task>? Fault { get; set; }

    /// <summary>How many stream requests have met the fault.</summary>
    public Tally Faults { get; } = new();

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
        HostProxy? proxy = null;
        app.Run(context => proxy!.AnswerAsync(context));
        await app.StartAsync();
        return proxy = new HostProxy(app, invoker, destination, config);
    }

    /// <summary>Lets the host answer.</summary>
    public async Task ForwardAsync(HttpContext context) =>
        await app.Services.GetRequiredService<IHttpForwarder>().SendAsync(context, destination, invoker, config);

    /// <summary>Answers each stream request with this status.</summary>
    public void Answer(int status, string contentType = "text/plain") => Fault = async context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        await context.Response.WriteAsync("not the server");
    };

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

    private async Task AnswerAsync(HttpContext context)
    {
        underWay[context] = true;
        var isStream = context.Request.Path.Value!.Contains("/events", StringComparison.Ordinal);
        if (isStream)
            requests.Enqueue(context.Request.Path + context.Request.QueryString);

        if (isStream && Fault is { } fault)
        {
            Faults.Add();
            await fault(context);
        }
        else
        {
            await ForwardAsync(context);
        }

        underWay.TryRemove(context, out _);
    }
}
