using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using SseFunctions.Api;
using SseFunctions.Configuration;

namespace SseFunctions.Tests.Api;

/// <summary>Where an app that has settings of its own puts the emitter's: in a section, or in its code.</summary>
public class GuestSettingsTests
{
    [Fact]
    public void Section_has_the_settings_and_what_stands_beside_it_is_the_apps_own()
    {
        var settings = Read(sse => sse.Section = "Sse", ("Sse:Stream:Lifetime", "00:00:30"), ("Sse:Access:AnonymousTopics:0", "a"), ("Sse:Access:AnonymousTopics:1", "b"), ("Stream:Mine", "1"), ("Access:Mine", "2"));

        Assert.Equal(TimeSpan.FromSeconds(30), settings.Stream.Lifetime);
        Assert.Equal(["a", "b"], settings.Access.AnonymousTopics);
    }

    [Fact]
    public void Faults_in_a_section_name_the_whole_setting()
    {
        var ex = Assert.Throws<SettingsException>(() => Read(sse => sse.Section = "Sse", ("Sse:Stream:Lifetime", "soon"), ("Sse:Stream:Lifetim", "00:00:30")));

        Assert.StartsWith("Sse__Stream__Lifetime is 'soon'; allowed is ", ex.Faults[0], StringComparison.Ordinal);
        Assert.StartsWith("Sse__Stream__Lifetim is not a setting; Stream has ", ex.Faults[1], StringComparison.Ordinal);
        Assert.DoesNotContain("sse.Section", ex.Faults[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Fault_in_a_section_that_may_be_the_apps_own_says_how_to_choose_another()
    {
        var fault = Assert.Single(Assert.Throws<SettingsException>(() => Read(_ => { }, ("Stream:Mine", "1"))).Faults);

        Assert.StartsWith("Stream__Mine is not a setting; Stream has Stream__Lifetime, ", fault, StringComparison.Ordinal);
        Assert.EndsWith(" Where Stream is a section of the app's own, sse.Section in AddSseFunctions gives another to the emitter's settings.", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Identity_for_Application_Insights_is_the_emitters_only_where_it_exports()
    {
        const string Setting = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";

        Assert.Null(Read(_ => { }, (Setting, "of another library")).AzureMonitorIdentity);
        Assert.NotNull(Read(sse => sse.ExportTelemetry(), (Setting, "Authorization=AAD")).AzureMonitorIdentity);
        Assert.StartsWith(Setting, Assert.Single(Assert.Throws<SettingsException>(() => Read(sse => sse.ExportTelemetry(), (Setting, "of another library"))).Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Section_itself_may_be_given_as_the_configuration()
    {
        var configuration = Configuration(("Sse:Stream:Lifetime", "00:00:30"), ("Sse:Stream:Lifetim", "1"));

        var ex = Assert.Throws<SettingsException>(() => new ServiceCollection().AddSseFunctions(configuration.GetSection("Sse")));

        Assert.StartsWith("Sse__Stream__Lifetim is not a setting", Assert.Single(ex.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Code_wins_over_the_configuration_and_is_checked_as_it_is()
    {
        var settings = Read(
            sse =>
            {
                sse.Settings["Stream__Lifetime"] = "00:00:20";
                sse.Settings["Access__AnonymousTopics"] = "c,d";
                sse.Settings["Access__Issuers__0__Authority"] = "https://login.example.com";
                sse.Settings["Access__Issuers__0__Audience"] = "events";
            },
            ("Stream:Lifetime", "00:00:30"),
            ("Access:AnonymousTopics:0", "a"));

        Assert.Equal(TimeSpan.FromSeconds(20), settings.Stream.Lifetime);
        Assert.Equal(["c", "d"], settings.Access.AnonymousTopics);
        Assert.Equal("events", Assert.Single(settings.Access.Issuers).Audience);

        var ex = Assert.Throws<SettingsException>(() => Read(sse => (sse.Settings["Stream__Lifetime"], sse.Settings["Stream__Lifetim"]) = ("soon", "1")));
        Assert.StartsWith("Stream__Lifetime is 'soon'", ex.Faults[0], StringComparison.Ordinal);
        Assert.Equal("Stream__Lifetim, which the app's code sets, is not a setting.", ex.Faults[1]);
    }

    [Fact]
    public void Route_prefix_is_the_apps_or_that_of_host_json()
    {
        Assert.Equal("api", Read(_ => { }).RoutePrefix);
        Assert.Equal("live/v1", Read(sse => sse.RoutePrefix = "live/v1").RoutePrefix);
        Assert.Equal("", Read(sse => sse.RoutePrefix = "").RoutePrefix);
        Assert.StartsWith("RoutePrefix, which the app's code sets, is '/live'", Assert.Throws<SettingsException>(() => Read(sse => sse.RoutePrefix = "/live")).Faults[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Access:Issuers:0:Authority", "http://login.example.com", "Access__Issuers__0__Authority is 'http://login.example.com'; allowed is an https address")]
    [InlineData("Access:Issuers:0:Audience", "events", "Access__Issuers__0__Authority is not set; an issuer has an authority and an audience.")]
    [InlineData("Access:Issuers:1:Authority", "https://login.example.com", "Access__Issuers__1__Audience is not set")]
    [InlineData("Access:Issuers:0:Topics", "users.{oid", "Access__Issuers__0__Topics is 'users.{oid'; allowed is topic names")]
    [InlineData("Access:Issuers:0:Topics", "users.{oid}*", "Access__Issuers__0__Topics is 'users.{oid}*'; allowed is topic names")]
    [InlineData("Access:Issuers:0:Topics", "users.{oid}-*", "Access__Issuers__0__Topics is 'users.{oid}-*'; allowed is topic names")]
    [InlineData("Access:Issuers:0:Publish", "{a}-{b}", "Access__Issuers__0__Publish is '{a}-{b}'; allowed is topic names")]
    [InlineData("Access:Issuers:0:Publish", "{a}{b}", "Access__Issuers__0__Publish is '{a}{b}'; allowed is topic names")]
    [InlineData("Access:Issuers:0:Topic", "a", "Access__Issuers__0__Topic is not a setting")]
    [InlineData("Access:PublishPerMinute", "0", "Access__PublishPerMinute is '0'; allowed is a whole number from 1 to 60000")]
    public void Faults_of_an_issuer_are_named(string key, string value, string fault) => Assert.Contains(
        Assert.Throws<SettingsException>(() => Read(_ => { }, (key, value))).Faults, found => found.StartsWith(fault, StringComparison.Ordinal));

    [Fact]
    public void Retention_runs_where_its_schedule_is_set_or_it_is_called_for()
    {
        Assert.Null(Read(_ => { }).RetentionTicks);
        Assert.NotNull(Read(_ => { }, ("RetentionSchedule", "0 0 * * * *")).RetentionTicks);
        Assert.NotNull(Read(sse => sse.AddRetention()).RetentionTicks);
    }

    private static Settings Read(Action<SseFunctionsBuilder> configure, params (string Key, string Value)[] values)
    {
        var services = new ServiceCollection();
        services.AddSseFunctions(Configuration(values), configure);
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<Settings>();
    }

    private static IConfigurationRoot Configuration(params (string Key, string Value)[] values) => new ConfigurationBuilder()
        .AddInMemoryCollection(values.Select(value => KeyValuePair.Create(value.Key, (string?)value.Value)))
        .Build();
}
