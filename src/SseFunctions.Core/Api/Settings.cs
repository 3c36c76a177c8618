using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Azure.Data.Tables;
using Microsoft.Extensions.Configuration;
using SseFunctions.Access;
using SseFunctions.EventLog;
using SseFunctions.Publishing;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>All settings, read and checked at start. Names, units, defaults and ranges are in the README's table.</summary>
internal sealed partial record Settings(
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

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <exception cref="SettingsException">At least one setting has a wrong value.</exception>
    public static Settings Read(IConfiguration configuration)
    {
        var reader = new SettingsReader(configuration);
        var host = HostJson.Read(configuration, reader);
        var settings = new Settings(
            ReadEventLog(reader),
            ReadStream(reader, host),
            ReadRetention(reader),
            ReadAccessOptions(reader),
            new TelemetryOptions(reader.Read("Telemetry:Topic", false, text => bool.TryParse(text, out var value) ? value : null, "true or false")),
            AzureMonitorIdentity.Read(reader),
            ReadSchedule(reader, Routes.RetentionSchedule, DefaultRetentionSchedule),
            host.RoutePrefix);
        foreach (var section in (string[])["EventLog", "Stream", "Retention", "Access", "Telemetry"])
            reader.RefuseUnknown(section);

        // The sources read their own schedules; here all faults are told at once.
        ReadSchedule(reader, ClockSource.Setting, ClockSource.EveryFiveSeconds);
        ReadSchedule(reader, RuntimeSource.Setting, ClockSource.EveryFiveSeconds);
        reader.ThrowIfFaulty();
        return settings;
    }

    /// <summary>The schedule of a timed source, whoever's it is.</summary>
    /// <exception cref="SettingsException">Its setting is no schedule.</exception>
    public static TickSchedule ScheduleOf(ITimedSource source, IConfiguration configuration)
    {
        var reader = new SettingsReader(configuration);
        var key = source.ScheduleSetting.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal);
        var schedule = ReadSchedule(reader, key, source.DefaultSchedule);
        reader.ThrowIfFaulty();
        return schedule;
    }

    private static EventLogOptions ReadEventLog(SettingsReader reader)
    {
        var defaults = new EventLogOptions();
        var options = new EventLogOptions
        {
            ConnectionString = reader.Text("EventLog:ConnectionString") ?? defaults.ConnectionString,
            TableServiceUri = ReadUri(reader),
            UseManagedIdentity = reader.Read("EventLog:credential", false, text => text == "managedidentity" ? true : null, "'managedidentity'"),
            ClientId = reader.Text("EventLog:clientId"),
            TableName = reader.Text("EventLog:TableName") ?? defaults.TableName,
        };
        if (!TableNameRule().IsMatch(options.TableName))
            reader.Refuse("EventLog:TableName", options.TableName, "a letter, then 2 to 62 letters or digits");

        if (options.TableServiceUri is null && !IsConnectionString(options.ConnectionString))
            reader.Refuse("EventLog:ConnectionString", options.ConnectionString, "a storage connection string", isSecret: true);

        return options;
    }

    private static Uri? ReadUri(SettingsReader reader)
    {
        const string UriKey = "EventLog:tableServiceUri";
        const string AccountKey = "EventLog:accountName";
        var (text, account) = (reader.Text(UriKey), reader.Text(AccountKey));
        if (text is not null)
        {
            // Tokens are sent over TLS only.
            if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps)
                return uri;

            reader.Refuse(UriKey, text, "an address such as https://<account>.table.core.windows.net");
            return null;
        }

        if (account is null)
            return null;

        if (AccountNameRule().IsMatch(account))
            return new Uri($"https://{account}.table.core.windows.net");

        reader.Refuse(AccountKey, account, "3 to 24 lower-case letters or digits");
        return null;
    }

    private static bool IsConnectionString(string text)
    {
        try
        {
            _ = new TableServiceClient(text);
            return true;
        }
        catch (Exception fault) when (fault is FormatException or InvalidOperationException or ArgumentException)
        {
            return false;
        }
    }

    private static StreamOptions ReadStream(SettingsReader reader, HostJson host)
    {
        var defaults = new StreamOptions { FunctionTimeout = host.FunctionTimeout };
        return defaults with
        {
            Lifetime = ReadLifetime(reader, defaults),
            Retry = reader.Duration("Stream:Retry", defaults.Retry, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1)),
            Heartbeat = reader.Duration("Stream:Heartbeat", defaults.Heartbeat, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(3)),
            WriteTimeout = reader.Duration("Stream:WriteTimeout", defaults.WriteTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(3)),
            PollInterval = reader.Duration("Stream:PollInterval", defaults.PollInterval, TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(1)),
            FlushInterval = reader.Duration("Stream:FlushInterval", defaults.FlushInterval, TimeSpan.Zero, TimeSpan.FromSeconds(1)),
            MaxStreams = (int)reader.Number("Stream:MaxStreams", defaults.MaxStreams, 1, 1_000_000),
            MaxStreamsPerToken = (int)reader.Number("Stream:MaxStreamsPerToken", defaults.MaxStreamsPerToken, 0, 1_000_000),
            MaxStreamsPerAddress = (int)reader.Number("Stream:MaxStreamsPerAddress", defaults.MaxStreamsPerAddress, 0, 1_000_000),
            SendsPastPipe = reader.Read("Stream:SendsPastPipe", defaults.SendsPastPipe, text => bool.TryParse(text, out var value) ? value : null, "true or false"),
            CacheBytes = reader.Number("Stream:CacheBytes", defaults.CacheBytes, 1024 * 1024, 64L * 1024 * 1024 * 1024),
        };
    }

    /// <summary>
    /// What is set must be what the platform lets a stream live. The default gives way to a shorter functionTimeout:
    /// <see cref="StreamLifetime.Draw"/> sees to that.
    /// </summary>
    private static TimeSpan ReadLifetime(SettingsReader reader, StreamOptions defaults)
    {
        var (limit, whose) = defaults.FunctionTimeout is { } timeout && timeout < StreamLifetime.FrontEndLimit
            ? (timeout, $"functionTimeout of host.json or AzureFunctionsJobHost__functionTimeout, {timeout:c}")
            : (StreamLifetime.FrontEndLimit, $"the time after which Azure's front end cuts a response, {StreamLifetime.FrontEndLimit:c}");
        return reader.Duration(
            "Stream:Lifetime",
            defaults.Lifetime,
            TimeSpan.FromSeconds(1),
            limit - StreamLifetime.Margin,
            $", which is {StreamLifetime.Margin:c} less than {whose}");
    }

    private static RetentionOptions ReadRetention(SettingsReader reader)
    {
        var defaults = new RetentionOptions();
        return new RetentionOptions
        {
            MaxAge = reader.Duration("Retention:MaxAge", defaults.MaxAge, TimeSpan.FromMinutes(1), 3650 * Day),
            MaxEvents = reader.Number("Retention:MaxEvents", defaults.MaxEvents, 1, EventId.MaxSequence),
        };
    }

    private static AccessOptions ReadAccessOptions(SettingsReader reader)
    {
        const string KeyKey = "Access:SigningKey";
        const string PreviousKeyKey = "Access:PreviousSigningKey";
        var options = new AccessOptions
        {
            AnonymousTopics = ReadAnonymousTopics(reader),
            SigningKey = ReadSigningKey(reader, KeyKey),
            PreviousSigningKey = ReadSigningKey(reader, PreviousKeyKey),
        };
        if (options.PreviousSigningKey is not null && reader.Text(KeyKey) is null)
            reader.Refuse(KeyKey, "", $"a key, since {PreviousKeyKey.Replace(":", "__", StringComparison.Ordinal)} is set, which signs nothing", isSecret: true);

        return options;
    }

    private static byte[]? ReadSigningKey(SettingsReader reader, string key)
    {
        if (reader.Text(key) is not { } text)
            return null;

        var bytes = Encoding.UTF8.GetBytes(text);
        // What stands in the place of a secret that the platform could not fetch is no secret:
        // learn.microsoft.com/azure/app-service/app-service-key-vault-references#troubleshoot-key-vault-references
        if (bytes.Length >= AccessOptions.LeastKeyBytes && !text.StartsWith("@Microsoft.KeyVault(", StringComparison.OrdinalIgnoreCase))
            return bytes;

        reader.Refuse(key, text, $"a secret of at least {AccessOptions.LeastKeyBytes} bytes in UTF-8, and no Key Vault reference that could not be resolved", isSecret: true);
        return null;
    }

    private static string[] ReadAnonymousTopics(SettingsReader reader)
    {
        const string Key = "Access:AnonymousTopics";
        var patterns = reader.Text(Key)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
        foreach (var pattern in patterns.Where(pattern => !TopicPatterns.IsPattern(pattern)))
            reader.Refuse(Key, pattern, $"{TopicPatterns.Rule}, separated by commas");

        return patterns;
    }

    private static TickSchedule ReadSchedule(SettingsReader reader, string key, string fallback)
    {
        var text = reader.Text(key) ?? fallback;
        if (TickSchedule.TryParse(text) is { } schedule)
            return schedule;

        reader.Refuse(key, text, string.Create(CultureInfo.InvariantCulture, $"an NCRONTAB expression of six fields, such as '{fallback}'"));
        return TickSchedule.TryParse(fallback)!;
    }

    // learn.microsoft.com/azure/storage/common/storage-account-overview#storage-account-name
    [GeneratedRegex(@"\A[a-z0-9]{3,24}\z")]
    private static partial Regex AccountNameRule();

    // learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model#table-names
    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9]{2,62}\z")]
    private static partial Regex TableNameRule();
}
