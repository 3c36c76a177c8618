using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GuestApp;

/// <summary>What an app has of its own, and a guest must leave as it is.</summary>
public sealed class AppReport(
    IServiceProvider services,
    ILoggerFactory loggers,
    IOptions<LoggerFilterOptions> filters,
    IOptions<KestrelServerOptions> kestrel,
    IOptions<SocketTransportOptions> sockets)
{
    private static readonly string[] Categories = ["GuestApp", "GuestApp.OwnFunctions", "Function.Greet", "Microsoft.AspNetCore.Hosting.Diagnostics", "Azure.Core", "System.Net.Http"];

    public object Read() => new
    {
        LogLevels = Categories.ToDictionary(category => category, category => LowestLevel(loggers.CreateLogger(category))),
        LogRules = filters.Value.Rules.Select(rule => $"{rule.ProviderName} {rule.CategoryName} {rule.LogLevel} {rule.Filter is not null}"),
        kestrel.Value.AddServerHeader,
        kestrel.Value.Limits.MaxConcurrentConnections,
        kestrel.Value.Limits.MaxRequestBodySize,
        kestrel.Value.Limits.MaxRequestBufferSize,
        MinResponseBytesPerSecond = kestrel.Value.Limits.MinResponseDataRate?.BytesPerSecond,
        sockets.Value.MaxReadBufferSize,
        Exporters = AppDomain.CurrentDomain.GetAssemblies()
            .Where(assembly => assembly.GetName().Name is "OpenTelemetry")
            .SelectMany(assembly => new[] { "OpenTelemetry.Trace.TracerProvider", "OpenTelemetry.Metrics.MeterProvider" }.Select(name => assembly.GetType(name)))
            .Count(type => type is not null && services.GetService(type) is not null),
    };

    private static LogLevel LowestLevel(ILogger logger) => Enum.GetValues<LogLevel>().First(level => level == LogLevel.None || logger.IsEnabled(level));
}
