using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace SseFunctions.WorkerHost;

/// <summary>
/// A Functions host for one function app: it speaks the protocol of the host of Azure and of func to the app's real worker process,
/// and to clients it is what they are.
/// </summary>
internal sealed class FunctionsHost : IAsyncDisposable
{
    private readonly WebApplication rpcServer;
    private readonly WorkerDispatcher workers;
    private readonly HttpFunctions http;
    private readonly List<TimerListener> timers;

    private FunctionsHost(
        WebApplication rpcServer, WorkerDispatcher workers, HttpFunctions http, IEnumerable<TimerListener> timers, IReadOnlyList<FunctionDefinition> functions, Uri baseAddress)
    {
        (this.rpcServer, this.workers, this.http) = (rpcServer, workers, http);
        (this.timers, Functions, BaseAddress) = ([.. timers], functions, baseAddress);
    }

    /// <summary>The root of the API, with a slash at its end.</summary>
    public Uri BaseAddress { get; }

    /// <summary>Opens the functions that need a key.</summary>
    public required string FunctionKey { get; init; }

    public IReadOnlyList<FunctionDefinition> Functions { get; }

    public required WorkerLog Log { get; init; }

    public required InvocationEnds Ends { get; init; }

    /// <summary>How it joins the halves of HTTP invocations.</summary>
    public HttpInvoker Halves => http.Invoker;

    /// <summary>The worker that runs, or that is being started.</summary>
    public Task<WorkerChannel> WorkerAsync() => workers.WorkerAsync();

    /// <summary>Starts a worker, loads its functions and serves them.</summary>
    public static async Task<FunctionsHost> StartAsync(FunctionsHostOptions options)
    {
        var (log, ends, key) = (new WorkerLog(), new InvocationEnds(), options.FunctionKey);
        var hostJson = HostJson.Read(options.App, options.Settings);
        var service = new FunctionRpcService();
        var rpcServer = await ListenAsync(service);
        var workers = new WorkerDispatcher(
            () => WorkerChannel.StartAsync(options.App, new Uri(rpcServer.Urls.Single()), service, options.Settings, log), options.Time);
        try
        {
            var functions = (await workers.StartAsync()).Functions;
            var http = await HttpFunctions.StartAsync(
                functions.Where(function => function.Trigger.IsHttp), hostJson.RoutePrefix, key, forwarder => new HttpInvoker(workers, forwarder, Begin, ends, log));
            var timers = functions.Where(function => function.Trigger.IsTimer).Select(function => new TimerListener(
                function, options.Settings, options.Time, async (metadata, input) =>
                    ends.Add(await Begin(function, await workers.WorkerAsync()).RunAsync(metadata, input, forwarding: null, CancellationToken.None))));
            return new FunctionsHost(rpcServer, workers, http, timers, functions, new Uri(http.Address, $"{hostJson.RoutePrefix}/"))
            {
                FunctionKey = key,
                Log = log,
                Ends = ends,
            };
        }
        catch
        {
            await workers.DisposeAsync();
            await rpcServer.DisposeAsync();
            throw;
        }

        Invocation Begin(FunctionDefinition function, WorkerChannel worker) => new(function, worker, options.Time, hostJson.FunctionTimeout);
    }

    /// <returns>A client with the function key, that leaves at once when a response is disposed.</returns>
    public HttpClient NewClient()
    {
        var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, ResponseDrainTimeout = TimeSpan.Zero }) { BaseAddress = BaseAddress, Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.Add("x-functions-key", FunctionKey);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var timer in timers)
            await timer.DisposeAsync();

        await workers.DisposeAsync();
        await http.DisposeAsync();
        await rpcServer.DisposeAsync();
    }

    private static async Task<WebApplication> ListenAsync(FunctionRpcService service)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(service);
        var app = builder.Build();
        app.MapGrpcService<FunctionRpcService>();
        await app.StartAsync();
        return app;
    }
}
