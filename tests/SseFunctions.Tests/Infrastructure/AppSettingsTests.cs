using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using SseFunctions.Api;
using SseFunctions.Publishing;

namespace SseFunctions.Tests.Infrastructure;

/// <summary>The app settings that a deployment makes, and what the app makes of them.</summary>
public partial class AppSettingsTests
{
    private const string Key = "a signing key that the vault holds, of 32 bytes or more";
    private const string PreviousKey = "an older signing key in the vault, of 32 bytes or more";

    private const string LogRate = "AzureFunctionsJobHost__logging__applicationInsights__samplingSettings__maxTelemetryItemsPerSecond";

    /// <summary>Settings that the Functions host reads and this code does not.</summary>
    private static readonly string[] OfTheHost =
    [
        "AzureWebJobsStorage__blobServiceUri", "AzureWebJobsStorage__tableServiceUri", "AzureWebJobsStorage__credential", "AzureWebJobsStorage__clientId",
        LogRate,
    ];

    /// <summary>The sections whose unknown members <see cref="Settings.Read"/> refuses, and what stands alone.</summary>
    private static readonly string[] OfTheCode =
    [
        "EventLog__", "Stream__", "Retention__", "Access__", "Telemetry__", Routes.ClockSchedule, RuntimeSource.Setting, Routes.RetentionSchedule,
        "APPLICATIONINSIGHTS_CONNECTION_STRING", "APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG",
    ];

    [SkippableFact]
    public async Task App_starts_with_them_and_comes_to_its_storage_by_identity()
    {
        var deployment = await Deployment.WithMainParametersAsync();

        var settings = Read(deployment);

        var account = (string)deployment.The("Microsoft.Storage/storageAccounts")["name"]!;
        Assert.Equal(new Uri($"https://{account}.table.{ArmExpression.StorageSuffix}"), settings.EventLog.TableServiceUri);
        Assert.True(settings.EventLog.Identity.UseManagedIdentity);
        Assert.Equal(ArmExpression.ClientId, settings.EventLog.Identity.ClientId);
        Assert.Equal($"{account}/default/{settings.EventLog.TableName}", (string)deployment.The("Microsoft.Storage/storageAccounts/tableServices/tables")["name"]!);
        Assert.Equal(ArmExpression.ClientId, settings.AzureMonitorIdentity?.ClientId);
        Assert.Equal(ArmExpression.InsightsConnection, deployment.AppSettings["APPLICATIONINSIGHTS_CONNECTION_STRING"]);
        Assert.Equal(["clock", "runtime", "demo", "demo-run-*"], settings.Access.AnonymousTopics);
        Assert.NotNull(settings.Access.SigningKey);
        Assert.Null(settings.Access.PreviousSigningKey);
    }

    [SkippableFact]
    public async Task Host_comes_to_its_storage_by_the_same_identity()
    {
        var deployment = await Deployment.WithMainParametersAsync();
        var settings = deployment.AppSettings;

        var account = (string)deployment.The("Microsoft.Storage/storageAccounts")["name"]!;
        Assert.Equal($"https://{account}.blob.{ArmExpression.StorageSuffix}", settings["AzureWebJobsStorage__blobServiceUri"]);
        Assert.Equal($"https://{account}.table.{ArmExpression.StorageSuffix}", settings["AzureWebJobsStorage__tableServiceUri"]);
        Assert.Equal("managedidentity", settings["AzureWebJobsStorage__credential"]);
        Assert.Equal(ArmExpression.ClientId, settings["AzureWebJobsStorage__clientId"]);
    }

    [SkippableFact]
    public async Task Every_one_is_known_to_the_code_or_to_the_host()
    {
        var settings = (await Deployment.WithMainParametersAsync()).AppSettings;

        Assert.All(settings.Keys, name => Assert.True(
            OfTheHost.Contains(name) || OfTheCode.Any(known => known.EndsWith("__", StringComparison.Ordinal) ? name.StartsWith(known, StringComparison.Ordinal) : name == known),
            $"{name} is no setting."));
    }

    /// <summary>A trigger's %Setting% that is missing keeps the host from indexing the function.</summary>
    [SkippableFact]
    public async Task Every_schedule_that_a_trigger_names_is_set()
    {
        var settings = (await Deployment.WithMainParametersAsync()).AppSettings;

        var triggers = Schedule().Matches(Repository.Read("src", "SseFunctions.Triggers", "TimerFunctions.cs")).Select(match => match.Groups["constant"].Value).ToList();

        Assert.NotEmpty(triggers);
        Assert.All(triggers, constant => Assert.Contains((string)typeof(Routes).GetField(constant)!.GetRawConstantValue()!, settings.Keys));
    }

    [SkippableFact]
    public async Task Signing_keys_are_references_to_the_vault_and_the_previous_one_to_a_version()
    {
        var (plain, changing) = (await Deployment.WithMainParametersAsync(), await Deployment.WithOtherParametersAsync());
        var vault = (string)plain.The("Microsoft.KeyVault/vaults")["name"]!;
        var secret = ((string)plain.The("Microsoft.KeyVault/vaults/secrets")["name"]!).Split('/');

        Assert.Equal(vault, secret[0]);
        Assert.Equal($"@Microsoft.KeyVault(VaultName={vault};SecretName={secret[1]})", plain.AppSettings["Access__SigningKey"]);
        Assert.DoesNotContain("Access__PreviousSigningKey", plain.AppSettings.Keys);
        Assert.Equal(plain.AppSettings["Access__SigningKey"], changing.AppSettings["Access__SigningKey"]);
        Assert.Equal(
            $"@Microsoft.KeyVault(VaultName={vault};SecretName={secret[1]};SecretVersion=0123456789abcdef0123456789abcdef)",
            changing.AppSettings["Access__PreviousSigningKey"]);
        Assert.NotNull(Read(changing).Access.PreviousSigningKey);
    }

    [SkippableFact]
    public async Task Emitter_and_scaler_agree_how_many_streams_an_instance_holds()
    {
        Assert.Equal(1000, Read(await Deployment.WithMainParametersAsync()).Stream.MaxStreams);
        Assert.Equal(250, Read(await Deployment.WithOtherParametersAsync()).Stream.MaxStreams); // although appSettings says 5
    }

    [SkippableFact]
    public async Task Spans_are_few_unless_further_settings_say_otherwise()
    {
        var (sampler, share) = ("OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG");
        var (plain, other) = ((await Deployment.WithMainParametersAsync()).AppSettings, (await Deployment.WithOtherParametersAsync()).AppSettings);

        Assert.Equal(("microsoft.fixed_percentage", "0.01"), (plain[sampler], plain[share]));
        Assert.Equal(("microsoft.rate_limited", "0.25"), (other[sampler], other[share]));
    }

    /// <summary>The setting overrides what host.json would have at this very place.</summary>
    [SkippableFact]
    public async Task Hosts_log_rows_are_bounded()
    {
        Assert.Equal("5", (await Deployment.WithMainParametersAsync()).AppSettings[LogRate]);
        Assert.Equal("40", (await Deployment.WithOtherParametersAsync()).AppSettings[LogRate]);
        var host = JsonNode.Parse(Repository.Read("host.json"))!;
        foreach (var name in LogRate.Split("__")[1..^1])
            host = host[name]!;

        Assert.True((bool)host["isEnabled"]!);
        Assert.Null(host["maxTelemetryItemsPerSecond"]); // one place decides
    }

    [SkippableFact]
    public async Task Parameters_become_settings_and_further_settings_stand_beside_them()
    {
        var deployment = await Deployment.WithOtherParametersAsync();

        var settings = Read(deployment);

        Assert.Equal(["news", "scores.*"], settings.Access.AnonymousTopics);
        Assert.Equal("0 * * * * *", deployment.AppSettings[Routes.ClockSchedule]);
        Assert.Equal("0 0 * * * *", deployment.AppSettings[Routes.RetentionSchedule]);
        Assert.Equal(TimeSpan.FromMinutes(3), settings.Stream.Lifetime);
    }

    /// <summary>As the app reads them at its start: environment variables, and the vault's secrets in the place of the references.</summary>
    private static Settings Read(Deployment deployment) => Settings.Read(new ConfigurationBuilder()
        .AddInMemoryCollection(deployment.AppSettings.Select(setting => KeyValuePair.Create(
            setting.Key.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal),
            (string?)VaultReference().Replace(setting.Value, reference => reference.Groups["version"].Success ? PreviousKey : Key))))
        .Build());

    [GeneratedRegex(@"\A@Microsoft\.KeyVault\(VaultName=[^;]+;SecretName=[^;]+?(;SecretVersion=(?<version>[^;]+))?\)\z")]
    private static partial Regex VaultReference();

    [GeneratedRegex(@"TimerTrigger\(\$""%\{Routes\.(?<constant>\w+)\}%""\)")]
    private static partial Regex Schedule();
}
