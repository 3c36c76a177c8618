using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

/// <summary>Table reads grow with topics and processes, not with clients (promise 4).</summary>
public class StorageCostTests
{
    private const string NoPolling = "Stream:PollInterval=00:01:00";

    [Fact]
    public async Task Replay_costs_the_table_the_same_for_one_client_and_for_a_hundred()
    {
        var table = TestStorage.NewTableName();
        await using (var publisher = await TestHost.StartAsync(table: table))
            await publisher.PublishAsync("a", [.. Enumerable.Range(0, 600).Select(i => $"{i}")]);

        var one = await ReadsForAsync(clients: 1, table);
        var hundred = await ReadsForAsync(clients: 100, table);

        Assert.Equal(one, hundred);
    }

    [Fact]
    public async Task Later_clients_are_served_from_memory()
    {
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync([NoPolling], connectionString: proxy.ConnectionString);
        var ids = await host.PublishAsync("a", [.. Enumerable.Range(0, 300).Select(i => $"{i}")]);
        await using var first = await host.OpenAsync("events/a?from=start");
        await first.ReadEventsAsync(ids.Count);
        var reads = proxy.Reads;

        for (var i = 0; i < 50; i++)
        {
            await using var later = await host.OpenAsync("events/a", ids[i]);
            await later.ReadEventsAsync(ids.Count - i - 1);
        }

        Assert.Equal(reads, proxy.Reads);
    }

    [Fact]
    public async Task Event_published_here_reaches_the_streams_here_without_a_read()
    {
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync([NoPolling], connectionString: proxy.ConnectionString);
        await host.PublishAsync("a", "0");
        await using var stream = await host.OpenAsync("events/a");
        await stream.ReadFrameAsync();
        await stream.ReadFrameAsync();
        var reads = proxy.Reads;

        var ids = await host.PublishAsync("a", [.. Enumerable.Range(1, 300).Select(i => $"{i}")]);

        Assert.Equal(ids, (await stream.ReadEventsAsync(ids.Count)).Select(message => message.Id));
        Assert.Equal(reads, proxy.Reads);
    }

    private static async Task<int> ReadsForAsync(int clients, string table)
    {
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync([NoPolling], connectionString: proxy.ConnectionString, table: table);
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            await using var stream = await host.OpenAsync("events/a?from=start");
            await stream.ReadEventsAsync(600);
        }));
        return proxy.Reads;
    }
}
