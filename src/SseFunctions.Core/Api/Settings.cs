using Microsoft.Extensions.Configuration;
using SseFunctions.Access;
using SseFunctions.Configuration;
using SseFunctions.EventLog;
using SseFunctions.Publishing;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>All settings, read and checked at start. Each options record has its own units, defaults and ranges.</summary>
internal sealed record Settings(
    EventLogOptions EventLog,
    StreamOptions Stream,
    RetentionOptions Retention,
    AccessOptions Access,
    TelemetryOptions Telemetry,
    AzureMonitorIdentity? AzureMonitorIdentity,
    TickSchedule RetentionTicks,
    string RoutePrefix)
{
    public const string DefaultRetentionSchedule = "0 7 * * * *";

    /// <exception cref="SettingsException">At least one setting has a wrong value.</exception>
    public static Settings Read(IConfiguration configuration) => Read(new SettingsReader(configuration));

    /// <exception cref="SettingsException">At least one setting has a wrong value.</exception>
    public static Settings Read(SettingsReader reader)
    {
        var host = HostJson.Read(reader);
        var settings = new Settings(
            EventLogOptions.Read(reader),
            StreamOptions.Read(reader, host.FunctionTimeout),
            RetentionOptions.Read(reader),
            AccessOptions.Read(reader),
            TelemetryOptions.Read(reader),
            AzureMonitorIdentity.Read(reader),
            TickSchedule.Read(reader, Routes.RetentionSchedule, DefaultRetentionSchedule),
            host.RoutePrefix);

        // The sources read their own schedules; here one message names all faults.
        TickSchedule.Read(reader, ClockSource.Setting, ClockSource.EveryFiveSeconds);
        TickSchedule.Read(reader, RuntimeSource.Setting, ClockSource.EveryFiveSeconds);
        foreach (var root in (string[])["EventLog", "Stream", "Retention", "Access", "Telemetry", Routes.RetentionSchedule, ClockSource.Setting, RuntimeSource.Setting])
            reader.RefuseUnknown(root);

        reader.ThrowIfFaulty();
        return settings;
    }

    /// <summary>The schedule of any timed source.</summary>
    /// <exception cref="SettingsException">Its setting is no schedule.</exception>
    public static TickSchedule ScheduleOf(ITimedSource source, IConfiguration configuration)
    {
        var reader = new SettingsReader(configuration);
        var key = source.ScheduleSetting.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal);
        var schedule = TickSchedule.Read(reader, key, source.DefaultSchedule);
        reader.RefuseUnknown(key);
        reader.ThrowIfFaulty();
        return schedule;
    }
}
