using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace SseFunctions.TestSupport;

/// <summary>An HTTP proxy between the storage client and Azurite, in which a test counts calls and injects faults.</summary>
public sealed class StorageProxy : IAsyncDisposable
{
    /// <summary>Azurite ends a connection that has been idle for 5 s; whether a request still gets through is not left to chance.</summary>
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(2);

    private readonly WebApplication app;
    private readonly HttpClient storage;
    private int reads;
    private int writes;

    private StorageProxy(WebApplication app, HttpClient storage) => (this.app, this.storage) = (app, storage);

    /// <summary>What becomes of a call; null passes all on.</summary>
    public Func<StorageCall, Task>? Intercept { get; set; }

    /// <summary>GET requests so far: point reads and pages of queries.</summary>
    public int Reads => Volatile.Read(ref reads);

    public int Writes => Volatile.Read(ref writes);

    public string ConnectionString => TestStorage.ConnectionStringFor(Address);

    /// <summary>The host's setting that names it.</summary>
    public string Setting => TestStorage.SettingFor(Address);

    private Uri Address => new(app.Urls.Single() + "/");

    /// <summary>Before the tests' Azurite.</summary>
    public static async Task<StorageProxy> StartAsync() => await StartAsync(await TestStorage.EndpointAsync());

    /// <param name="endpoint">The table service that it forwards to.</param>
    public static async Task<StorageProxy> StartAsync(Uri endpoint)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var handler = new SocketsHttpHandler { PooledConnectionIdleTimeout = IdleTimeout };
        var proxy = new StorageProxy(app, new HttpClient(handler) { BaseAddress = endpoint });
        app.Run(proxy.HandleAsync);
        await app.StartAsync();
        return proxy;
    }

    public static Task PassOnAsync(StorageCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        return ForwardAndReplyAsync(call);

        static async Task ForwardAndReplyAsync(StorageCall call)
        {
            using var answer = await call.ForwardAsync();
            await call.ReplyAsync(answer);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        storage.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        Interlocked.Increment(ref context.Request.Method == "GET" ? ref reads : ref writes);
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        await (Intercept ?? PassOnAsync)(new StorageCall(context, body.ToArray(), storage));
    }
}
