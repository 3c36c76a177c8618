using System.Globalization;
using Microsoft.Extensions.Configuration;
using SseFunctions.Api;
using SseFunctions.Configuration;

namespace SseFunctions.Tests.Api;

public class SettingsTests
{
    [Fact]
    public void Read_gives_the_documented_defaults_when_nothing_is_set()
    {
        var settings = Read();

        Assert.Equal("events", settings.EventLog.TableName);
        Assert.Equal("UseDevelopmentStorage=true", settings.EventLog.ConnectionString);
        Assert.Equal(TimeSpan.FromMinutes(2), settings.Stream.Lifetime);
        Assert.Equal(TimeSpan.FromSeconds(1), settings.Stream.Retry);
        Assert.Equal(TimeSpan.FromSeconds(15), settings.Stream.Heartbeat);
        Assert.Equal(TimeSpan.FromSeconds(30), settings.Stream.WriteTimeout);
        Assert.Equal(TimeSpan.FromMilliseconds(100), settings.Stream.PollInterval);
        Assert.Equal(1000, settings.Stream.MaxStreams);
        Assert.Equal(64 * 1024 * 1024, settings.Stream.CacheBytes);
        Assert.Equal(TimeSpan.FromDays(1), settings.Retention.MaxAge);
        Assert.Equal(100_000, settings.Retention.MaxEvents);
        Assert.Empty(settings.Access.AnonymousTopics);
        Assert.Null(settings.Access.SigningKey);
        Assert.Null(settings.Access.PreviousSigningKey);
    }

    [Fact]
    public void Read_names_every_fault_at_once()
    {
        var ex = Assert.Throws<SettingsException>(() => Read(
            ("Stream:Lifetime", "two minutes"),
            ("Stream:Retry", "soon"),
            ("Stream:MaxStreams", "-1"),
            ("Stream:Lifetme", "00:01:00"),
            ("EventLog:TableName", "my-events"),
            ("EventLog:ConnectionString", "AccountKey=c2VjcmV0"),
            ("EventLog:credential", "password"),
            ("EventLog:accountName", "my account"),
            ("AzureFunctionsJobHost:functionTimeout", "00:00:05"),
            ("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "Authorization=AAD;ClientId=me"),
            ("ClockSchedule", "* * * * *"),
            ("Access:AnonymousTopics", "ok, bad topic"),
            ("Access:SigningKey", "c2VjcmV0, and too short"),
            ("Access:PreviousSigningKey", "@Microsoft.KeyVault(SecretUri=https://c2VjcmV0.vault.azure.net/secrets/key)")));

        Assert.Equal(14, ex.Faults.Count);
        Assert.Contains(ex.Faults, text => text.StartsWith("Stream__Lifetime is 'two minutes'; allowed is a duration from 00:00:01 to 00:03:45, written [d.]hh:mm:ss[.fff]", StringComparison.Ordinal));
        Assert.Contains(ex.Faults, text => text.StartsWith("Stream__Retry is 'soon';", StringComparison.Ordinal));
        Assert.Contains("Stream__MaxStreams is '-1'; allowed is a whole number from 1 to 1000000.", ex.Faults);
        Assert.Contains(ex.Faults, text => text.StartsWith("Stream__Lifetme is not a setting; Stream has Stream__Lifetime, ", StringComparison.Ordinal));
        Assert.Contains(ex.Faults, text => text.StartsWith("EventLog__TableName is 'my-events';", StringComparison.Ordinal));
        Assert.Contains("EventLog__credential is 'password'; allowed is 'managedidentity'.", ex.Faults);
        Assert.Contains("EventLog__accountName is 'my account'; allowed is 3 to 24 lower-case letters or digits.", ex.Faults);
        Assert.Contains(ex.Faults, text => text.StartsWith("AzureFunctionsJobHost__functionTimeout is '00:00:05'; allowed is a duration of 00:00:10 or more", StringComparison.Ordinal));
        Assert.Contains("APPLICATIONINSIGHTS_AUTHENTICATION_STRING is 'Authorization=AAD;ClientId=me'; allowed is 'Authorization=AAD', with ';ClientId=<GUID>' for a user-assigned identity.", ex.Faults);
        Assert.Contains(ex.Faults, text => text.StartsWith("ClockSchedule is '* * * * *';", StringComparison.Ordinal));
        Assert.Contains(ex.Faults, text => text.StartsWith("Access__AnonymousTopics is 'bad topic';", StringComparison.Ordinal));
        Assert.Contains(ex.Faults, text => text.StartsWith("Access__SigningKey is a text of 23 characters; allowed is a secret of at least 32 bytes", StringComparison.Ordinal));
        Assert.Contains(ex.Faults, text => text.StartsWith("Access__PreviousSigningKey is a text of 75 characters;", StringComparison.Ordinal));
        Assert.DoesNotContain("c2VjcmV0", ex.Message, StringComparison.Ordinal);
    }

    /// <summary>TimeSpan.Parse takes the first for 24 days, the second for 30 days and the third for an hour and a half.</summary>
    [Theory]
    [InlineData("24:00:00")]
    [InlineData("30")]
    [InlineData("01:30")]
    [InlineData("1:00:00:00")]
    [InlineData("00:60:00")]
    [InlineData("-00:00:30")]
    [InlineData("00:00:30 ")]
    public void Read_refuses_in_every_duration_what_could_be_meant_otherwise(string text)
    {
        var reader = new SettingsReader(new ConfigurationBuilder().Build());
        Settings.Read(reader);
        var keys = reader.Known
            .Where(setting => setting.Allowed.StartsWith("a duration ", StringComparison.Ordinal))
            .Select(setting => setting.Name.Replace("__", ":", StringComparison.Ordinal))
            .Append("AzureFunctionsJobHost:functionTimeout")
            .ToList();
        Assert.True(keys.Count > 5);

        var ex = Assert.Throws<SettingsException>(() => Read([.. keys.Select(key => (key, text))]));

        Assert.Equal(
            keys.Select(key => $"{key.Replace(":", "__", StringComparison.Ordinal)} is '{text}'; allowed is a duration ").Order(),
            ex.Faults.Select(fault => fault[..(fault.IndexOf("a duration ", StringComparison.Ordinal) + "a duration ".Length)]).Order());
        Assert.All(ex.Faults, fault => Assert.Contains("written [d.]hh:mm:ss[.fff], a day as 1.00:00:00", fault, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("1.00:00:00", 24 * 3600)]
    [InlineData("23:59:59", (24 * 3600) - 1)]
    [InlineData("0:2:5", 125)]
    [InlineData("00:01:00.5", 60.5)]
    public void Read_takes_a_duration_as_it_is_written(string text, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Read(("Retention:MaxAge", text)).Retention.MaxAge);

    [Theory]
    [InlineData("-1", null)]
    [InlineData("00:10:00", "00:10:00")]
    [InlineData(null, "00:05:00")] // this repository's host.json
    public void Read_takes_functionTimeout_as_the_host_does(string? setting, string? expected)
    {
        var settings = setting is null ? Read() : Read(("AzureFunctionsJobHost:functionTimeout", setting));

        Assert.Equal(expected, settings.Stream.FunctionTimeout?.ToString());
    }

    [Theory]
    [InlineData("00:00:25", "00:00:30")]
    [InlineData("00:03:45", "00:05:00")]
    [InlineData("00:03:45", "-1")]
    public void Read_takes_the_maximum_lifetime_that_the_platform_lets_a_stream_have(string lifetime, string functionTimeout) =>
        Assert.Equal(
            TimeSpan.Parse(lifetime, CultureInfo.InvariantCulture),
            Read(("Stream:Lifetime", lifetime), ("AzureFunctionsJobHost:functionTimeout", functionTimeout)).Stream.Lifetime);

    [Theory]
    [InlineData("00:00:25.001", "00:00:30", "to 00:00:25", "functionTimeout of host.json or AzureFunctionsJobHost__functionTimeout, 00:00:30.")]
    [InlineData("00:02:00", "00:02:00", "to 00:01:55", "functionTimeout of host.json or AzureFunctionsJobHost__functionTimeout, 00:02:00.")] // the default's value, but set
    [InlineData("00:03:45.001", "00:05:00", "to 00:03:45", "Azure's front end cuts a response, 00:03:50.")]
    [InlineData("00:10:00", "-1", "to 00:03:45", "Azure's front end cuts a response, 00:03:50.")]
    public void Read_refuses_a_lifetime_that_the_platform_would_cut_and_names_both(string lifetime, string functionTimeout, string max, string limit)
    {
        var ex = Assert.Throws<SettingsException>(() => Read(("Stream:Lifetime", lifetime), ("AzureFunctionsJobHost:functionTimeout", functionTimeout)));

        var text = Assert.Single(ex.Faults);
        Assert.StartsWith($"Stream__Lifetime is '{lifetime}'; allowed is a duration from 00:00:01 {max}, ", text, StringComparison.Ordinal);
        Assert.EndsWith(limit, text, StringComparison.Ordinal);
    }

    /// <summary>The stream then ends before the timeout without a word: StreamLifecycleTests.</summary>
    [Fact]
    public void Read_leaves_a_lifetime_that_is_not_set_to_the_functionTimeout() =>
        Assert.Equal(TimeSpan.FromMinutes(2), Read(("AzureFunctionsJobHost:functionTimeout", "00:00:30")).Stream.Lifetime);

    [Theory]
    [InlineData("Authorization=AAD", null)]
    [InlineData("ClientId=01234567-89ab-cdef-0123-456789abcdef;Authorization=AAD", "01234567-89ab-cdef-0123-456789abcdef")]
    [InlineData(" authorization = aad ; CLIENTID = 01234567-89ab-cdef-0123-456789abcdef ; ", "01234567-89ab-cdef-0123-456789abcdef")]
    public void Read_takes_Application_Insights_authentication_as_the_host_does(string setting, string? clientId)
    {
        var identity = Read(("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", setting)).AzureMonitorIdentity;

        Assert.NotNull(identity);
        Assert.Equal(clientId, identity.ClientId);
    }

    [Theory]
    [InlineData("AAD")]
    [InlineData("Authorization=Key")]
    [InlineData("Authorization")]
    [InlineData("ClientId=01234567-89ab-cdef-0123-456789abcdef")]
    [InlineData("Authorization=AAD;ClientId=")]
    public void Read_refuses_Application_Insights_authentication_that_the_host_refuses(string setting)
    {
        var ex = Assert.Throws<SettingsException>(() => Read(("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", setting)));

        Assert.StartsWith($"APPLICATIONINSIGHTS_AUTHENTICATION_STRING is '{setting}'; allowed is ", Assert.Single(ex.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_takes_an_identity_in_place_of_a_connection_string()
    {
        var settings = Read(("EventLog:tableServiceUri", "https://x.table.core.windows.net"), ("EventLog:credential", "managedidentity"), ("EventLog:clientId", "id"));

        Assert.Equal(new Uri("https://x.table.core.windows.net"), settings.EventLog.TableServiceUri);
        Assert.True(settings.EventLog.Identity.UseManagedIdentity);
        Assert.Equal("id", settings.EventLog.Identity.ClientId);
    }

    [Fact]
    public void Read_refuses_a_previous_signing_key_when_there_is_no_signing_key()
    {
        var ex = Assert.Throws<SettingsException>(() => Read(("Access:PreviousSigningKey", new string('k', 32))));

        Assert.StartsWith("Access__SigningKey is a text of 0 characters; allowed is a key, ", Assert.Single(ex.Faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Tables")]
    [InlineData("tables")]
    [InlineData("1st")]
    [InlineData("my-events")]
    [InlineData("ab")]
    [InlineData("a123456789b123456789c123456789d123456789e123456789f123456789abcd")]
    public void Read_refuses_a_table_name_that_Table_Storage_refuses(string name)
    {
        var ex = Assert.Throws<SettingsException>(() => Read(("EventLog:TableName", name)));

        Assert.Equal($"EventLog__TableName is '{name}'; allowed is a letter, then 2 to 62 letters or digits, and not 'tables', which is reserved.", Assert.Single(ex.Faults));
    }

    [Fact]
    public void Read_takes_a_list_as_dotnet_writes_it() =>
        Assert.Equal(["clock", "orders.*", "news"], Read(
            ("Access:AnonymousTopics:0", "clock"), ("Access:AnonymousTopics:1", "orders.*"), ("Access:AnonymousTopics:10", "news")).Access.AnonymousTopics);

    [Fact]
    public void Read_checks_the_elements_of_a_list()
    {
        var ex = Assert.Throws<SettingsException>(() => Read(("Access:AnonymousTopics:0", "clock"), ("Access:AnonymousTopics:1", "bad topic")));

        Assert.StartsWith("Access__AnonymousTopics is 'bad topic';", Assert.Single(ex.Faults), StringComparison.Ordinal);
    }

    /// <summary>Else the file's '*' would leave open what an environment variable closes.</summary>
    [Fact]
    public void Read_takes_the_list_or_the_text_that_overrides_the_other()
    {
        Assert.Equal(["clock"], Read([("Access:AnonymousTopics", "*")], [("Access:AnonymousTopics:0", "clock")]));
        Assert.Equal(["clock"], Read([("Access:AnonymousTopics:0", "*")], [("Access:AnonymousTopics", "clock")]));
        Assert.Empty(Read([("Access:AnonymousTopics:0", "*")], [("Access:AnonymousTopics", "")]));
        var ex = Assert.Throws<SettingsException>(() => Read([("Access:AnonymousTopics", "clock"), ("Access:AnonymousTopics:0", "*")]));
        Assert.StartsWith("Access__AnonymousTopics is set twice", Assert.Single(ex.Faults), StringComparison.Ordinal);

        static IReadOnlyList<string> Read(params (string Key, string Value)[][] sources)
        {
            var builder = new ConfigurationBuilder();
            foreach (var source in sources)
                builder.AddInMemoryCollection(source.Select(value => KeyValuePair.Create(value.Key, (string?)value.Value)));

            return Settings.Read(builder.Build()).Access.AnonymousTopics;
        }
    }

    [Theory]
    [InlineData("Access:AnonymousTopics:first")]
    [InlineData("Access:AnonymousTopics:0:name")]
    [InlineData("Access:SigningKey:0")]
    [InlineData("Stream:Lifetime:0")]
    [InlineData("Stream:Lifetime:max:value")]
    [InlineData("Stream:Limits:MaxStreams")]
    [InlineData("EventLog:certificate")]
    [InlineData("Telemetry:Topic:Names")]
    [InlineData("ClockSchedule:0")]
    [InlineData("RuntimeSchedule:Seconds")]
    [InlineData("RetentionSchedule:0")]
    public void Read_refuses_what_it_does_not_know_at_any_depth(string key)
    {
        var ex = Assert.Throws<SettingsException>(() => Read((key, "c2VjcmV0")));

        Assert.StartsWith(
            $"{key.Replace(":", "__", StringComparison.Ordinal)} is not a setting; {key.Split(':')[0]} has {key.Split(':')[0]}",
            Assert.Single(ex.Faults),
            StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0", ex.Message, StringComparison.Ordinal);
    }

    private static Settings Read(params (string Key, string Value)[] values) => Settings.Read(new ConfigurationBuilder()
        .AddInMemoryCollection(values.Select(value => KeyValuePair.Create(value.Key, (string?)value.Value)))
        .Build());
}
