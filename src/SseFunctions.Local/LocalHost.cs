using Microsoft.Extensions.Hosting;
using SseFunctions.Api;
using SseFunctions.EventLog;
using SseFunctions.Publishing;

namespace SseFunctions.Local;

/// <summary>The embedded host: the function app's endpoints and timers on Kestrel, with Azurite started when it is wanted.</summary>
/// <remarks>Like func, it checks no keys, and so listens on loopback only and answers to loopback names only.</remarks>
internal static class LocalHost
{
    /// <summary>func's default port.</summary>
    private const string DefaultUrl = "http://localhost:7071";

    /// <summary>Streams say farewell at once; a client that takes no bytes is cut off after 2 s.</summary>
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(4);

    /// <exception cref="SettingsException">At least one setting has a wrong value.</exception>
    /// <exception cref="LocalHostException">The URLs are not loopback.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        LocalSettings.AddTo(builder.Configuration);
        builder.Configuration["AllowedHosts"] = "localhost;127.0.0.1;[::1]"; // a foreign name that resolves to loopback is refused
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning); // request lines would show query strings
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);
        builder.WebHost.UseUrls(LoopbackUrls.Check(builder.Configuration, DefaultUrl));

        configure?.Invoke(builder);
        builder.Services.AddSseFunctions(builder.Configuration);
        builder.Services.AddHostedService<AzuriteKeeper>();
        builder.Services.AddHostedService(s => new TimerService(s.GetRequiredService<Settings>().Clock, s.GetRequiredService<ClockSource>().TickAsync, s.GetRequiredService<TimeProvider>()));
        builder.Services.AddHostedService(s => new TimerService(s.GetRequiredService<Settings>().RetentionTicks, s.GetRequiredService<RetentionSweep>().RunAsync, s.GetRequiredService<TimeProvider>()));

        var app = builder.Build();
        Map(app, HostJson.Read(builder.Configuration).RoutePrefix);
        return app;
    }

    public static void PrintAddresses(WebApplication app)
    {
        var prefix = HostJson.Read(app.Configuration).RoutePrefix;
        foreach (var url in app.Urls)
            Console.WriteLine($"Demo page: {url}/{prefix}/{Routes.Demo}");
    }

    private static void Map(WebApplication app, string prefix)
    {
        var endpoints = app.Services.GetRequiredService<SseEndpoints>();
        var routes = app.MapGroup(prefix);
        routes.MapGet(Routes.Events, (HttpContext context, string topic) => endpoints.StreamAsync(context, topic, CancellationToken.None));
        routes.MapPost(Routes.Events, (HttpContext context, string topic) => endpoints.PublishAsync(context, topic));
        routes.MapGet(Routes.Topic, (HttpContext context, string topic) => endpoints.TopicAsync(context, topic));
        routes.MapPost(Routes.Complete, (HttpContext context, string topic) => endpoints.CompleteAsync(context, topic));
        routes.MapGet(Routes.Health, (Delegate)endpoints.HealthAsync);
        routes.MapGet(Routes.Demo, SseEndpoints.Demo);
    }
}
