using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SseFunctions.WorkerHost;
using Yarp.ReverseProxy.Forwarder;

namespace SseFunctions.EndToEnd.Support;

/// <summary>
/// The proxy through which every byte between a client and the function app passes in production: it forwards as the Functions
/// host does. A test can have it do to streams what proxies on the way do: answer itself, cut off, and go silent.
/// </summary>
internal sealed class HostProxy : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly HostForwarder forwarder;
    private readonly string destination;

    /// <summary>The requests by what ends them, which their contexts cannot do any more once they are over: they throw then.</summary>
    private readonly ConcurrentDictionary<IHttpRequestLifetimeFeature, bool> underWay = [];

    private readonly ConcurrentQueue<string> requests = [];

    private HostProxy(WebApplication app, HostForwarder forwarder, Uri destination)
    {
        (this.app, this.forwarder) = (app, forwarder);
        this.destination = destination.GetLeftPart(UriPartial.Authority);
        BaseAddress = new Uri(new Uri(app.Urls.Single()), destination.AbsolutePath);
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false, ResponseDrainTimeout = TimeSpan.Zero }) { BaseAddress = BaseAddress, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>What the destination's base address is when it is reached through the proxy.</summary>
    public Uri BaseAddress { get; }

    /// <summary>A client that leaves at once when a response is disposed.</summary>
    public HttpClient Client { get; }

    /// <summary>The path and query of each stream request so far.</summary>
    public IReadOnlyCollection<string> Requests => requests;

    /// <summary>What answers a stream request instead of the host; null to forward it.</summary>
    public Func<HttpContext, Task>? Fault { get; set; }

    /// <summary>How many stream requests have met the fault.</summary>
    public Tally Faults { get; } = new();

    /// <param name="destination">The root of the API to forward to.</param>
    /// <param name="activityTimeout">Null for the host's.</param>
    public static async Task<HostProxy> StartAsync(Uri destination, TimeSpan? activityTimeout = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddHttpForwarder();
        var app = builder.Build();
        var forwarder = new HostForwarder(app.Services.GetRequiredService<IHttpForwarder>(), activityTimeout);
        HostProxy? proxy = null;
        app.Run(context => proxy!.AnswerAsync(context));
        await app.StartAsync();
        return proxy = new HostProxy(app, forwarder, destination);
    }

    /// <summary>Lets the host answer.</summary>
    public Task ForwardAsync(HttpContext context) => forwarder.SendAsync(context, destination);

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
        foreach (var request in underWay.Keys)
            request.Abort();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Cut();
        await app.DisposeAsync();
        forwarder.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var request = context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>();
        underWay[request] = true;
        try
        {
            await AnswerOrForwardAsync(context);
        }
        finally
        {
            underWay.TryRemove(request, out _);
        }
    }

    private async Task AnswerOrForwardAsync(HttpContext context)
    {
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
    }
}
