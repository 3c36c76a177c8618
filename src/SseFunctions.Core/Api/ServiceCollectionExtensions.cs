using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SseFunctions.Access;
using SseFunctions.EventLog;
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
        services.Configure<KestrelServerOptions>(SocketOutput.UseOn);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(settings);
        services.AddSingleton(settings.Stream);
        services.AddSingleton(s => TableConnection.Open(settings.EventLog, s.GetRequiredService<LogTelemetry>()));
        services.AddSseTelemetry(settings, configuration);
        services.AddSingleton<EventTable>();
        services.AddSingleton<TableEventLog>();
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
        services.AddTimedSource<RuntimeSource>();
        services.AddSingleton(s => new TimedSources(
            s.GetServices<ITimedSource>(),
            source => Settings.ScheduleOf(source, configuration),
            s.GetRequiredService<TableEventLog>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<TimedSources>>()));
        services.AddSourceTimers(sources => sources.PerProcess);
        services.AddEndpoints();
        return services;
    }

    /// <summary>Registers a source of events that publishes on a schedule.</summary>
    public static IServiceCollection AddTimedSource<TSource>(this IServiceCollection services)
        where TSource : class, ITimedSource =>
        services.AddSingleton<ITimedSource, TSource>();

    /// <summary>Has this process run some of the timed sources by timers of its own.</summary>
    /// <remarks>Not AddHostedService, which takes one of a type: the second would be left out without a word.</remarks>
    internal static void AddSourceTimers(this IServiceCollection services, Func<TimedSources, IEnumerable<TimedSource>> which) =>
        services.AddSingleton<IHostedService>(s => new SourceTimers(
            which(s.GetRequiredService<TimedSources>()),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<TimerService>>()));
}
