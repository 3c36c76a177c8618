using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace SseFunctions.EndToEnd.Support;

/// <summary>A proxy that passes a response on when it is whole, as some linked backends, virus scanners and corporate proxies do.</summary>
internal sealed class BufferingProxy : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly Uri destination;
    private readonly HttpClient client = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false }) { Timeout = Timeout.InfiniteTimeSpan };
    private readonly ConcurrentQueue<string> requests = [];

    private BufferingProxy(WebApplication app, Uri destination)
    {
        (this.app, this.destination) = (app, destination);
        BaseAddress = new Uri(new Uri(app.Urls.Single()), destination.AbsolutePath);
    }

    /// <summary>What the destination's base address is when it is reached through the proxy.</summary>
    public Uri BaseAddress { get; }

    /// <summary>The path and query of each request so far.</summary>
    public IReadOnlyCollection<string> Requests => requests;

    /// <summary>Whether it passes responses on as they come instead.</summary>
    public bool PassesOn { get; set; }

    /// <param name="destination">The root of the API to forward to.</param>
    public static async Task<BufferingProxy> StartAsync(Uri destination)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        BufferingProxy? proxy = null;
        app.Run(context => proxy!.AnswerAsync(context));
        await app.StartAsync();
        return proxy = new BufferingProxy(app, destination);
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path + context.Request.QueryString;
        requests.Enqueue(path);
        try
        {
            await ForwardAsync(context, path);
        }
        catch (Exception ex) when (context.RequestAborted.IsCancellationRequested || ex is ObjectDisposedException)
        {
            // The client has left, or the test is over.
        }
    }

    private async Task ForwardAsync(HttpContext context, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(destination, path));
        foreach (var header in context.Request.Headers.Where(header => header.Key is not ("Host" or "Connection")))
            request.Headers.TryAddWithoutValidation(header.Key, header.Value.ToArray());

        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        var body = await answer.Content.ReadAsStreamAsync(context.RequestAborted);
        if (!PassesOn)
        {
            var whole = new MemoryStream();
            await body.CopyToAsync(whole, context.RequestAborted);
            whole.Position = 0;
            body = whole;
        }

        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var header in answer.Headers.Concat(answer.Content.Headers).Where(header => header.Key is not ("Transfer-Encoding" or "Connection")))
            context.Response.Headers[header.Key] = header.Value.ToArray();

        await body.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
