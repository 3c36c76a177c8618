using Microsoft.Extensions.Configuration;
using SseFunctions.Access;
using SseFunctions.Configuration;
using SseFunctions.EventLog;
using SseFunctions.Publishing;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>All settings, read and checked at start. Each options record has its own units, defaults and ranges.</summary>
/// <param name="ClockSchedule">The schedule of topic clock, as it was given.</param>
/// <param name="RetentionSchedule">The schedule of retention, as it was given; null where it is not.</param>
/// <param name="RoutePrefix">What stands before every route of an ASP.NET Core app, without slashes at its ends.</param>
internal sealed record Settings(
    EventLogOptions EventLog,
    StreamOptions Stream,
    RetentionOptions Retention,
    AccessOptions Access,
    TelemetryOptions Telemetry,
    AzureMonitorIdentity? AzureMonitorIdentity,
    string ClockSchedule,
    string? RetentionSchedule,
    string RoutePrefix)
{
    public const string DefaultRetentionSchedule = "0 7 * * * *";

    /// <summary>When retention runs in this process; null for never.</summary>
    public TickSchedule? RetentionTicks => RetentionSchedule is null ? null : TickSchedule.TryParse(RetentionSchedule);

    /// <exception cref="SettingsException">At least one setting has a wrong value.</exception>
    public static Settings Read(IConfiguration configuration, SseFunctionsBuilder? sse = null) =>
        Read(new SettingsReader(configuration, sse?.Section ?? "", sse?.Settings), sse);

    /// <param name="reader">Collects what is wrong.</param>
    /// <param name="sse">What the app has; null for the settings alone.</param>
    /// <exception cref="SettingsException">At least one setting has a wrong value.</exception>
    public static Settings Read(SettingsReader reader, SseFunctionsBuilder? sse = null)
    {
        var host = HostJson.Read(reader);
        TickSchedule.Read(reader, ClockSource.Setting, ClockSource.EveryFiveSeconds);
        TickSchedule.Read(reader, RuntimeSource.Setting, ClockSource.EveryFiveSeconds);
        TickSchedule.Read(reader, Routes.RetentionSchedule, DefaultRetentionSchedule);
        var settings = new Settings(
            EventLogOptions.Read(reader),
            StreamOptions.Read(reader, host.FunctionTimeout),
            RetentionOptions.Read(reader),
            AccessOptions.Read(reader),
            TelemetryOptions.Read(reader),
            sse?.ExportsTelemetry == false ? null : AzureMonitorIdentity.Read(reader), // where others export, it is theirs
            Schedule(ClockSource.Setting) ?? ClockSource.EveryFiveSeconds,
            Schedule(Routes.RetentionSchedule) ?? (sse?.HasRetention == true ? DefaultRetentionSchedule : null),
            ReadPrefix(reader, sse?.RoutePrefix) ?? host.RoutePrefix);
        foreach (var root in (string[])["EventLog", "Stream", "Retention", "Access", "Telemetry", Routes.RetentionSchedule, ClockSource.Setting, RuntimeSource.Setting])
            reader.RefuseUnknown(root);

        reader.RefuseUnknownGiven();
        reader.ThrowIfFaulty();
        return settings;

        string? Schedule(string key) => reader.Value(key) is { Length: > 0 } text ? text : null;
    }

    /// <summary>The schedule of any timed source. Only those of the emitter have theirs where the emitter's settings are.</summary>
    /// <exception cref="SettingsException">Its setting is no schedule.</exception>
    public static TickSchedule ScheduleOf(ITimedSource source, IConfiguration configuration, SseFunctionsBuilder sse)
    {
        var reader = source is ClockSource or RuntimeSource ? new SettingsReader(configuration, sse.Section, sse.Settings) : new SettingsReader(configuration);
        var key = source.ScheduleSetting.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal);
        var schedule = TickSchedule.Read(reader, key, source.DefaultSchedule);
        reader.RefuseUnknown(key);
        reader.ThrowIfFaulty();
        return schedule;
    }

    private static string? ReadPrefix(SettingsReader reader, string? prefix)
    {
        if (prefix is null || HostJson.IsPrefix(prefix))
            return prefix;

        reader.Refuse($"RoutePrefix, which the app's code sets, is '{prefix}'; allowed is {HostJson.PrefixRule}.");
        return null;
    }
}
