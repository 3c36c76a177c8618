using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SseFunctions.Api;
using SseFunctions.Configuration;
using SseFunctions.EventLog;
using SseFunctions.Kestrel;
using SseFunctions.Publishing;
using SseFunctions.Streaming;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the emitter in an ASP.NET Core app.</summary>
public static class SseFunctionsServiceCollectionExtensions
{
    /// <summary>
    /// Registers what <c>MapSseFunctions</c> maps, and <see cref="IEventPublisher"/> for the app's own code. Timers run in this process where
    /// their setting is there.
    /// </summary>
    /// <param name="services">The app's services.</param>
    /// <param name="configuration">All of the app's settings; host.json, if there is one, is read from the app's folder.</param>
    /// <param name="configure">What the app has beside the endpoints; null for nothing.</param>
    /// <exception cref="SettingsException">At least one setting has a wrong value; the exception names all.</exception>
    public static IServiceCollection AddSseFunctions(this IServiceCollection services, IConfiguration configuration, Action<SseFunctionsBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddSseFunctions(new SseFunctionsBuilder(services, isFunctionApp: false), configuration, configure);
        return services;
    }

    /// <summary>Registers a source of events that publishes on a schedule.</summary>
    /// <typeparam name="TSource">The source; the container makes it.</typeparam>
    public static IServiceCollection AddTimedSource<TSource>(this IServiceCollection services)
        where TSource : class, ITimedSource =>
        services.AddSingleton<ITimedSource, TSource>();

    /// <returns>The settings, all of them checked.</returns>
    internal static Settings AddSseFunctions(this IServiceCollection services, SseFunctionsBuilder sse, IConfiguration configuration, Action<SseFunctionsBuilder>? configure)
    {
        configure?.Invoke(sse);
        var settings = Settings.Read(configuration, sse);
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(settings);
        services.AddSingleton(settings.Stream);
        services.AddSingleton(sse);
        services.AddSingleton(s => TableConnection.Open(settings.EventLog, s.GetRequiredService<LogTelemetry>()));
        services.AddSseTelemetry(settings);
        services.AddSingleton<EventTable>();
        services.AddSingleton<TableEventLog>();
        services.AddChangeFeed(settings.Stream.PollInterval);
        services.AddSingleton<TopicFeedRegistry>();
        services.AddSingleton<OpenStreams>();
        services.AddSingleton(s => new RetentionSweep(
            s.GetRequiredService<EventTable>(),
            s.GetRequiredService<TimeProvider>(),
            settings.Retention,
            s.GetRequiredService<ILogger<RetentionSweep>>()));
        services.AddSingleton<IEventPublisher, EventPublisher>();
        services.AddSingleton<DemoRuns>();
        services.AddSingleton<IHostedService>(s => s.GetRequiredService<DemoRuns>());
        services.AddTimers(settings, sse, configuration);
        services.AddEndpoints();
        if (sse.ExportsTelemetry)
            services.ExportSseTelemetry(settings, configuration);

        if (sse.QuietensWebServerLog)
            WebServerLog.Quieten(services);

        if (sse.TunesKestrel)
            services.TuneKestrel(settings.Stream);

        return settings;
    }

    /// <summary>Before whatever publishes: a host stops its services in the reverse order, and so the last hints are written last.</summary>
    private static void AddChangeFeed(this IServiceCollection services, TimeSpan pollInterval)
    {
        services.AddSingleton(s => new ChangeFeedWriter(
            s.GetRequiredService<EventTable>(),
            s.GetRequiredService<TableEventLog>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<ChangeFeedWriter>>()));
        services.AddSingleton<IHostedService>(s => s.GetRequiredService<ChangeFeedWriter>());
        services.AddSingleton(s => new ChangeFeedReader(
            s.GetRequiredService<EventTable>(),
            s.GetRequiredService<ChangeFeedWriter>().Pages,
            pollInterval,
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<ChangeFeedReader>>()));
    }

    private static void AddTimers(this IServiceCollection services, Settings settings, SseFunctionsBuilder sse, IConfiguration configuration)
    {
        if (sse.HasClock)
            services.AddTimedSource<ClockSource>();

        if (sse.HasRuntime)
            services.AddSingleton<ITimedSource>(s => new RuntimeSource(() => s.GetRequiredService<OpenStreams>().Count, s.GetRequiredService<TimeProvider>()));

        services.AddSingleton(s => new TimedSources(
            s.GetServices<ITimedSource>(),
            source => Settings.ScheduleOf(source, configuration, sse),
            s.GetRequiredService<TableEventLog>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<TimedSources>>()));
        services.AddTimers(s => s.GetRequiredService<TimedSources>().Timers(perProcess: true));
        if (sse.IsFunctionApp)
            return;

        services.AddTimers(s => s.GetRequiredService<TimedSources>().Timers(perProcess: false));
        if (settings.RetentionTicks is { } ticks)
            services.AddTimers(s => [(ticks, s.GetRequiredService<RetentionSweep>().RunAsync)]);
    }

    /// <summary>Runs timers in this process.</summary>
    /// <remarks>Not AddHostedService, which takes one of a type: it would ignore the second.</remarks>
    private static void AddTimers(this IServiceCollection services, Func<IServiceProvider, IEnumerable<(TickSchedule Schedule, Func<CancellationToken, Task> Run)>> timers) =>
        services.AddSingleton<IHostedService>(s => new TimerService(
            timers(s),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<TimerService>>()));

    private static void TuneKestrel(this IServiceCollection services, StreamOptions stream)
    {
        services.Configure<KestrelServerOptions>(kestrel => kestrel.AddServerHeader = false); // clients need not know
        services.Configure<KestrelServerOptions>(kestrel => SocketConnections.Configure(kestrel, stream.MaxOpenStreams, stream.SendsPastPipe));
        services.Configure<SocketTransportOptions>(SocketConnections.Configure);
        services.AddSingleton<IConnectionListenerFactory>(s => SocketConnections.Bound(
            ActivatorUtilities.CreateInstance<SocketTransportFactory>(s),
            s.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits.MaxConcurrentConnections));
        WebServerLog.CountRejectedConnections(services);
    }
}
