using System.Text;
using Microsoft.Extensions.Hosting;
using SseFunctions.Api;
using SseFunctions.EventLog;
using SseFunctions.Publishing;

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

    /// <exception cref="SettingsException">At least one setting has a wrong value.</exception>
    /// <exception cref="LocalHostException">The URLs are not loopback, or something in Host is wrong.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        LocalSettings.AddTo(builder.Configuration);
        builder.Configuration["AllowedHosts"] = "localhost;127.0.0.1;[::1]"; // a foreign name that resolves to loopback is refused
        builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning); // this host says what matters itself
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);
        // Whatever bytes a Last-Event-ID has, it is an id that was not issued by this server, and no reason to refuse the request for good.
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.RequestHeaderEncodingSelector = name =>
            name.Equals(StreamQuery.LastEventId, StringComparison.OrdinalIgnoreCase) ? Encoding.Latin1 : null);
        builder.WebHost.UseUrls(LoopbackUrls.Check(builder.Configuration));

        var crossOrigin = CrossOrigin.Read(builder.Configuration);
        crossOrigin.AddTo(builder.Services);

        configure?.Invoke(builder);
        builder.Services.AddSseFunctions(builder.Configuration);
        builder.Services.AddHostedService<AzuriteKeeper>();
        builder.Services.AddSourceTimers(sources => sources.Shared);
        builder.Services.AddSingleton<IHostedService>(s => new TimerService(
            s.GetRequiredService<Settings>().RetentionTicks,
            s.GetRequiredService<RetentionSweep>().RunAsync,
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<TimerService>>()));

        var app = builder.Build();
        crossOrigin.UseIn(app);
        app.MapSseFunctions();
        app.MapMethods("/", [HttpMethods.Get, HttpMethods.Head], () => Results.Redirect(DemoPath(app)));
        return app;
    }

    public static void PrintAddresses(WebApplication app)
    {
        Console.WriteLine("The emitter is running; Ctrl+C stops it.");
        foreach (var url in app.Urls)
            Console.WriteLine($"Demo page: {url.TrimEnd('/')}{DemoPath(app)}");
    }

    private static string DemoPath(WebApplication app) =>
        "/" + string.Join('/', new[] { app.Services.GetRequiredService<Settings>().RoutePrefix, Routes.Demo }.Where(part => part.Length > 0));
}
