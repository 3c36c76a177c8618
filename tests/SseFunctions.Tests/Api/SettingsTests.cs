using System.Globalization;
using Microsoft.Extensions.Configuration;
using SseFunctions.Api;

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
        Assert.Equal(TimeSpan.FromMilliseconds(500), settings.Stream.PollInterval);
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
        var fault = Assert.Throws<SettingsException>(() => Read(
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

        Assert.Equal(14, fault.Faults.Count);
        Assert.Contains(fault.Faults, text => text.StartsWith("Stream__Lifetime is 'two minutes'; allowed is a duration from 00:00:01 to 00:03:45, written [d.]hh:mm:ss[.fff]", StringComparison.Ordinal));
        Assert.Contains(fault.Faults, text => text.StartsWith("Stream__Retry is 'soon';", StringComparison.Ordinal));
        Assert.Contains("Stream__MaxStreams is '-1'; allowed is a whole number from 1 to 1000000.", fault.Faults);
        Assert.Contains(fault.Faults, text => text.StartsWith("Stream__Lifetme is not a setting; Stream has Stream__Lifetime, ", StringComparison.Ordinal));
        Assert.Contains(fault.Faults, text => text.StartsWith("EventLog__TableName is 'my-events';", StringComparison.Ordinal));
        Assert.Contains("EventLog__credential is 'password'; allowed is 'managedidentity'.", fault.Faults);
        Assert.Contains("EventLog__accountName is 'my account'; allowed is 3 to 24 lower-case letters or digits.", fault.Faults);
        Assert.Contains(fault.Faults, text => text.StartsWith("AzureFunctionsJobHost__functionTimeout is '00:00:05'; allowed is a duration of 00:00:10 or more", StringComparison.Ordinal));
        Assert.Contains("APPLICATIONINSIGHTS_AUTHENTICATION_STRING is 'Authorization=AAD;ClientId=me'; allowed is 'Authorization=AAD', with ';ClientId=<GUID>' for a user-assigned identity.", fault.Faults);
        Assert.Contains(fault.Faults, text => text.StartsWith("ClockSchedule is '* * * * *';", StringComparison.Ordinal));
        Assert.Contains(fault.Faults, text => text.StartsWith("Access__AnonymousTopics is 'bad topic';", StringComparison.Ordinal));
        Assert.Contains(fault.Faults, text => text.StartsWith("Access__SigningKey is a text of 23 characters; allowed is a secret of at least 32 bytes", StringComparison.Ordinal));
        Assert.Contains(fault.Faults, text => text.StartsWith("Access__PreviousSigningKey is a text of 75 characters;", StringComparison.Ordinal));
        Assert.DoesNotContain("c2VjcmV0", fault.Message, StringComparison.Ordinal);
    }

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
    public void Read_takes_the_longest_lifetime_that_the_platform_lets_a_stream_have(string lifetime, string functionTimeout) =>
        Assert.Equal(
            TimeSpan.Parse(lifetime, CultureInfo.InvariantCulture),
            Read(("Stream:Lifetime", lifetime), ("AzureFunctionsJobHost:functionTimeout", functionTimeout)).Stream.Lifetime);

    [Theory]
    [InlineData("00:00:25.001", "00:00:30", "to 00:00:25", "functionTimeout of host.json or AzureFunctionsJobHost__functionTimeout, 00:00:30.")]
    [InlineData("00:02:00", "00:02:00", "to 00:01:55", "functionTimeout of host.json or AzureFunctionsJobHost__functionTimeout, 00:02:00.")] // the default's value, but set
    [InlineData("00:03:45.001", "00:05:00", "to 00:03:45", "Azure's front end cuts a response, 00:03:50.")]
    [InlineData("00:10:00", "-1", "to 00:03:45", "Azure's front end cuts a response, 00:03:50.")]
    public void Read_refuses_a_lifetime_that_the_platform_would_cut_and_names_both(string lifetime, string functionTimeout, string longest, string limit)
    {
        var fault = Assert.Throws<SettingsException>(() => Read(("Stream:Lifetime", lifetime), ("AzureFunctionsJobHost:functionTimeout", functionTimeout)));

        var text = Assert.Single(fault.Faults);
        Assert.StartsWith($"Stream__Lifetime is '{lifetime}'; allowed is a duration from 00:00:01 {longest}, ", text, StringComparison.Ordinal);
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
        var fault = Assert.Throws<SettingsException>(() => Read(("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", setting)));

        Assert.StartsWith($"APPLICATIONINSIGHTS_AUTHENTICATION_STRING is '{setting}'; allowed is ", Assert.Single(fault.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_takes_an_identity_in_place_of_a_connection_string()
    {
        var settings = Read(("EventLog:tableServiceUri", "https://x.table.core.windows.net"), ("EventLog:credential", "managedidentity"), ("EventLog:clientId", "id"));

        Assert.Equal(new Uri("https://x.table.core.windows.net"), settings.EventLog.TableServiceUri);
        Assert.True(settings.EventLog.UseManagedIdentity);
        Assert.Equal("id", settings.EventLog.ClientId);
    }

    [Fact]
    public void Read_refuses_a_previous_signing_key_when_there_is_no_signing_key()
    {
        var fault = Assert.Throws<SettingsException>(() => Read(("Access:PreviousSigningKey", new string('k', 32))));

        Assert.StartsWith("Access__SigningKey is a text of 0 characters; allowed is a key, ", Assert.Single(fault.Faults), StringComparison.Ordinal);
    }

    private static Settings Read(params (string Key, string Value)[] values) => Settings.Read(new ConfigurationBuilder()
        .AddInMemoryCollection(values.Select(value => KeyValuePair.Create(value.Key, (string?)value.Value)))
        .Build());
}
