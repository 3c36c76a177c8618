using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using SseFunctions.EventLog;

namespace SseFunctions.Tests;

/// <summary>Telemetry for parts that a test makes by hand; nobody listens.</summary>
internal static class TestTelemetry
{
    public static LogTelemetry Log { get; } = new(
        new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>(),
        new TelemetryOptions());
}
