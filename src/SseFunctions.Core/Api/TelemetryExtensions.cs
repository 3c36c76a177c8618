using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using SseFunctions.EventLog;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>Measures the emitter, and exports what it measures where a destination is set.</summary>
internal static class TelemetryExtensions
{
    /// <summary>opentelemetry.io/docs/specs/otel/protocol/exporter: the exporter reads this and its sisters by itself.</summary>
    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Application Insights' own setting, as the Functions host has it.</summary>
    private const string AzureMonitor = "APPLICATIONINSIGHTS_CONNECTION_STRING";

    private const string Sampler = "OTEL_TRACES_SAMPLER";

    public static void AddSseTelemetry(this IServiceCollection services, Settings settings)
    {
        services.AddMetrics();
        services.AddSingleton(settings.Telemetry);
        services.AddSingleton<LogTelemetry>();
        services.AddSingleton<StreamTelemetry>();
    }

    public static void ExportSseTelemetry(this IServiceCollection services, Settings settings, IConfiguration configuration)
    {
        var (toOtlp, toAzureMonitor) = (IsSet(configuration, OtlpEndpoint), IsSet(configuration, AzureMonitor));
        if (!toOtlp && !toAzureMonitor)
            return;

        var telemetry = services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics.AddMeter(LogTelemetry.SourceName))
            .WithTracing(tracing => tracing.AddSource(LogTelemetry.SourceName));
        if (toOtlp)
            telemetry.WithMetrics(metrics => metrics.AddOtlpExporter()).WithTracing(tracing => tracing.AddOtlpExporter());

        if (toAzureMonitor)
        {
            telemetry
                .WithMetrics(metrics => metrics.AddAzureMonitorMetricExporter(Configure))
                .WithTracing(tracing => tracing.AddAzureMonitorTraceExporter(Configure));
        }

        if (!IsSet(configuration, Sampler))
        {
            // Last, since an exporter may bring a sampler of its own. The default keeps only children of recorded spans, and
            // the web server's own span of a request is not recorded; Azure Monitor's drops most of a reconnect storm.
            telemetry.WithTracing(tracing => tracing.SetSampler(new AlwaysOnSampler()));
        }

        void Configure(AzureMonitorExporterOptions monitor)
        {
            monitor.ConnectionString = configuration[AzureMonitor];
            monitor.Credential = settings.AzureMonitorIdentity?.Credential;
        }
    }

    private static bool IsSet(IConfiguration configuration, string key) => !string.IsNullOrEmpty(configuration[key]);
}
