using SseFunctions.TestSupport;
using SseFunctions.WorkerHost;

namespace SseFunctions.EndToEnd.Hosts;

/// <summary>Nothing that opens a topic, and nothing that is published, gets into a log, however much is logged.</summary>
public sealed class LogTests
{
    private readonly string table = TestStorage.NewTableName();

    [SkippableFact]
    public async Task Local_hosts_log_has_no_token_no_key_and_no_payload_when_everything_is_logged()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        await using var storage = await StorageProxy.StartAsync();
        await using var host = await LocalHostProcess.StartAsync(table, PlantedSecrets.Settings(storage));
        var secrets = new PlantedSecrets(host.Client, storage);

        await secrets.SendAsync();

        await host.TerminateAsync(); // so that it logs to the end
        var log = host.Output + host.Errors;
        Assert.Contains("dbug: ", log, StringComparison.Ordinal);
        secrets.AssertNotIn(log);
    }

    [Fact]
    public async Task Workers_log_has_no_token_no_key_and_no_payload_when_everything_is_logged()
    {
        await using var storage = await StorageProxy.StartAsync();
        await using var host = await FunctionsHost.StartAsync(new FunctionsHostOptions
        {
            Settings = await AppSettings.ForAsync(table, PlantedSecrets.Settings(storage)),
            FunctionKey = PlantedSecrets.FunctionKey,
        });
        using var client = new HttpClient { BaseAddress = host.BaseAddress };
        var secrets = new PlantedSecrets(client, storage);

        await secrets.SendAsync();

        await (await host.WorkerAsync()).TerminateAsync();
        secrets.AssertNotIn($"{host.Log}");
    }
}
