using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SseFunctions.Access;
using SseFunctions.Configuration;
using SseFunctions.EventLog;
using SseFunctions.Kestrel;
using SseFunctions.Publishing;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>
/// Registers everything that a host needs: the endpoints, <see cref="TimedSources"/> and <see cref="RetentionSweep"/>; and <see cref="IEventPublisher"/> for your own functions.
/// </summary>
public static class ServiceCollectionExtensions
{
    /// <param name="services">The host's services.</param>
    /// <param name="configuration">The app settings; host.json is read from the app's folder.</param>
    /// <exception cref="SettingsException">At least one setting has a wrong value; the exception names all.</exception>
    public static IServiceCollection AddSseFunctions(this IServiceCollection services, IConfiguration configuration)
    {
        var settings = Settings.Read(configuration);
        services.AddLogging();
        WebServerLog.Quieten(services);
        services.Configure<KestrelServerOptions>(kestrel => kestrel.AddServerHeader = false); // clients need not know
        services.Configure<KestrelServerOptions>(kestrel => SocketConnections.Configure(kestrel, settings.Stream.MaxOpenStreams, settings.Stream.SendsPastPipe));
        services.Configure<SocketTransportOptions>(SocketConnections.Configure);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(settings);
        services.AddSingleton(settings.Stream);
        services.AddSingleton(s => TableConnection.Open(settings.EventLog, s.GetRequiredService<LogTelemetry>()));
        services.AddSseTelemetry(settings, configuration);
        services.AddSingleton<EventTable>();
        services.AddSingleton<TableEventLog>();
        services.AddChangeFeed(settings.Stream.PollInterval);
        services.AddSingleton<TopicFeedRegistry>();
        services.AddSingleton<OpenStreams>();
        services.AddSingleton(_ => new SubscriberTokens(settings.Access));
        services.AddSingleton(s => new ReadAccess(settings.Access, s.GetRequiredService<SubscriberTokens>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new RetentionSweep(
            s.GetRequiredService<EventTable>(),
            s.GetRequiredService<TimeProvider>(),
            settings.Retention,
            s.GetRequiredService<ILogger<RetentionSweep>>()));
        services.AddSingleton<IEventPublisher, EventPublisher>();
        services.AddTimedSource<ClockSource>();
        services.AddSingleton<ITimedSource>(s => new RuntimeSource(() => s.GetRequiredService<OpenStreams>().Count, s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new TimedSources(
            s.GetServices<ITimedSource>(),
            source => Settings.ScheduleOf(source, configuration),
            s.GetRequiredService<TableEventLog>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<TimedSources>>()));
        services.AddTimers(s => s.GetRequiredService<TimedSources>().Timers(perProcess: true));
        services.AddEndpoints();
        return services;
    }

    /// <summary>Registers a source of events that publishes on a schedule.</summary>
    public static IServiceCollection AddTimedSource<TSource>(this IServiceCollection services)
        where TSource : class, ITimedSource =>
        services.AddSingleton<ITimedSource, TSource>();

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

    /// <summary>Runs timers in this process.</summary>
    /// <remarks>Not AddHostedService, which takes one of a type: it would ignore the second.</remarks>
    internal static void AddTimers(this IServiceCollection services, Func<IServiceProvider, IEnumerable<(TickSchedule Schedule, Func<CancellationToken, Task> Run)>> timers) =>
        services.AddSingleton<IHostedService>(s => new TimerService(
            timers(s),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<TimerService>>()));
}
