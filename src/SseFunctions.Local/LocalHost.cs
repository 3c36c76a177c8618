using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Hosting;
using SseFunctions.Api;
using SseFunctions.Configuration;
using SseFunctions.EventLog;
using SseFunctions.Publishing;
using SseFunctions.Streaming;

namespace SseFunctions.Local;

/// <summary>The embedded host: the function app's endpoints and timers on Kestrel, with Azurite started when it is wanted.</summary>
/// <remarks>
/// Like func, it checks no keys, and so listens on loopback only, answers to loopback names only, and lets pages of other
/// origins write only where Host.CORS says so.
/// </remarks>
internal static class LocalHost
{
    /// <summary>Streams write their closing frame at once; a client that takes no bytes is cut off after 2 s.</summary>
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(4);

    /// <summary>The largest body must arrive within the time after which Azure's front end would cut it.</summary>
    private static readonly MinDataRate MinBodyRate =
        new(bytesPerSecond: PublishBody.MaxBatchBytes / StreamLifetime.FrontEndLimit.TotalSeconds, gracePeriod: TimeSpan.FromSeconds(5));

    /// <exception cref="SettingsException">At least one setting has a wrong value.</exception>
    /// <exception cref="LocalHostException">The URLs are not loopback, or local.settings.json is wrong.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        LocalSettings.AddTo(builder.Configuration);
        var urls = LoopbackUrls.Read(builder.Configuration);
        builder.WebHost.UseUrls(urls);
        builder.Services.Configure<HostFilteringOptions>(filter => (filter.AllowedHosts, filter.AllowEmptyHosts) = (LoopbackUrls.HostNames(urls), false));
        builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning); // this host says what matters itself
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical); // Program shows why it cannot start
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MinRequestBodyDataRate = MinBodyRate;
            // Whatever bytes a Last-Event-ID has, it is an id that was not issued by this server, and no reason to refuse the request for good.
            kestrel.RequestHeaderEncodingSelector = name =>
                name.Equals(StreamQuery.LastEventId, StringComparison.OrdinalIgnoreCase) ? Encoding.Latin1 : null;
        });

        var crossOrigin = CrossOrigin.Read(builder.Configuration);
        crossOrigin.AddTo(builder.Services);

        configure?.Invoke(builder);
        // Before the emitter's own services, so that storage is there first and goes last.
        builder.Services.AddHostedService(s => AzuriteKeeper.For(s.GetRequiredService<Settings>().EventLog, s.GetRequiredService<ILogger<AzuriteKeeper>>()));
        builder.Services.AddSseFunctions(builder.Configuration, sse => sse
            .AddClock()
            .AddRuntime()
            .AddRetention()
            .AddDemoPage()
            .ExportTelemetry()
            .QuietenWebServerLog()
            .TuneKestrel());

        var app = builder.Build();
        crossOrigin.UseIn(app);
        app.MapSseFunctions().Keyed.AllowAnonymous();
        app.MapMethods("/", [HttpMethods.Get, HttpMethods.Head], () => Results.Redirect(ApiPath(app, Routes.Demo)));
        return app;
    }

    /// <exception cref="LocalHostException">The web server cannot listen on its addresses, or Azurite does not start.</exception>
    public static async Task StartAsync(WebApplication app)
    {
        try
        {
            await app.StartAsync();
        }
        catch (Exception ex) when (ex is IOException or SocketException or InvalidOperationException or ArgumentException)
        {
            var hint = ex.GetBaseException() is AddressInUseException or SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse }
                ? " Is another local host or func running? --urls http://localhost:7072 takes another port."
                : "";
            throw new LocalHostException($"The local host cannot listen on {app.Configuration[WebHostDefaults.ServerUrlsKey]}: {ex.Message.ReplaceLineEndings(" ")}{hint}");
        }
    }

    /// <summary>What runs where, and what to try first.</summary>
    public static void PrintAddresses(WebApplication app)
    {
        var (settings, root) = (app.Services.GetRequiredService<Settings>(), app.Urls.First().TrimEnd('/') + ApiPath(app, ""));
        Console.WriteLine("The emitter is running; Ctrl+C stops it.");
        Console.WriteLine($"Events: table {settings.EventLog.TableName} in {StorageOf(settings.EventLog)}");
        foreach (var url in app.Urls)
            Console.WriteLine($"Demo page: {url.TrimEnd('/')}{ApiPath(app, Routes.Demo)}");

        Console.WriteLine($"""

            Three things to try in another terminal, with the demo page open:
              curl -N {root}events/clock
              curl {root}events/demo -H 'Content-Type: text/plain' -d 'Hello'
              curl -N '{root}events/demo?from=start'
            """);
    }

    private static string StorageOf(EventLogOptions options) =>
        options.TableServiceUri?.Host ?? (options.ConnectionString.TrimEnd(';') == EventLogOptions.DevelopmentStorage ? "development storage (Azurite)" : "the storage of EventLog__ConnectionString");

    private static string ApiPath(WebApplication app, string route) =>
        "/" + string.Join('/', new[] { app.Services.GetRequiredService<Settings>().RoutePrefix, route }.Where((part, i) => i > 0 || part.Length > 0));
}
