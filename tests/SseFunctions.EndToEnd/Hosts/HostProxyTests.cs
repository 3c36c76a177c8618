using System.Net;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Hosts;

/// <summary>What the Functions host's proxy does to streams that last; see <see cref="ProxiedTarget"/> for all the rest.</summary>
public sealed class HostProxyTests
{
    /// <summary>The host's 240 s, scaled down: eight heartbeats, of which a busy machine may send some late.</summary>
    private static readonly TimeSpan ActivityTimeout = TimeSpan.FromSeconds(8);

    /// <summary>Longer than any test waits.</summary>
    private const string NoHeartbeat = "Stream__Heartbeat=00:03:00";

    private readonly string table = TestStorage.NewTableName();
    private readonly string topic = TopicApi.NewTopic();

    [SkippableFact]
    public async Task First_bytes_arrive_at_once_when_nothing_follows()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        await using var storage = await StorageProxy.StartAsync();
        var answer = new TaskCompletionSource();
        storage.Intercept = _ => answer.Task; // for which this host waits as long as it takes
        await using var host = await TestHost.StartOnAsync(table, NoHeartbeat, storage.Setting);
        await using var proxy = await HostProxy.StartAsync(host.BaseAddress);

        await using var stream = await SseStream.OpenAsync(proxy.Client, $"events/{topic}");

        Assert.Equal(HttpStatusCode.OK, stream.Response.StatusCode);
        Assert.Matches(@"\Aretry: [1-9][0-9]*\n: .+\z", await stream.ReadFrameAsync());
        answer.SetResult();
    }

    [SkippableFact]
    public async Task Idle_stream_outlives_the_activity_timeout_by_its_heartbeats_while_a_silent_one_is_cut()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        await using var beatingHost = await TestHost.StartOnAsync(table, "Stream__Heartbeat=00:00:01");
        await using var silentHost = await TestHost.StartOnAsync(table, NoHeartbeat);
        await using var beatingProxy = await HostProxy.StartAsync(beatingHost.BaseAddress, ActivityTimeout);
        await using var silentProxy = await HostProxy.StartAsync(silentHost.BaseAddress, ActivityTimeout);
        await using var beating = await SseStream.OpenAsync(beatingProxy.Client, $"events/{topic}");
        await using var silent = await SseStream.OpenAsync(silentProxy.Client, $"events/{topic}");

        var cut = Assert.ThrowsAnyAsync<IOException>(silent.ReadToEndAsync); // a clean end would not throw
        await ReadHeartbeatsAsync(beating, 10); // of which the last come after the timeout
        await cut;

        await ReadHeartbeatsAsync(beating, 1);
    }

    [SkippableFact]
    public async Task Session_ends_when_its_client_leaves_the_proxy_and_nothing_is_sent()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        await using var host = await TestHost.StartOnAsync(table, NoHeartbeat);
        await using var proxy = await HostProxy.StartAsync(host.BaseAddress);
        await using var stream = await SseStream.OpenAsync(proxy.Client, $"events/{topic}");
        Assert.Equal(1, await host.Client.GetOpenStreamsAsync());

        await stream.DisposeAsync();

        await host.Client.WaitForOpenStreamsAsync(0);
    }

    [SkippableFact]
    public async Task Client_misses_and_repeats_nothing_when_the_proxy_is_cut_while_events_are_published()
    {
        const int Cuts = 5;
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        await using var host = await TestHost.StartOnAsync(table);
        await using var proxy = await HostProxy.StartAsync(host.BaseAddress);
        await using var publisher = new SteadyPublisher(host.Client, topic);
        var client = new ReconnectingClient($"events/{topic}?from=start");
        for (var cut = 0; cut < Cuts; cut++)
        {
            var reading = client.ReadAsync(proxy.Client);
            await client.Received.ReachesAsync(client.Received.Count + 10);
            proxy.Cut();
            await reading.WaitAsync(SseStream.Timeout); // less than a stream lives: it was the cut that ended it
        }

        await publisher.Acknowledged.ReachesAsync(client.Received.Count + 1);
        var ids = await publisher.StopAsync();
        await client.ReadAsync(proxy.Client, enough: ids.Count).WaitAsync(SseStream.Timeout);

        Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), client.Events);
    }

    private static async Task ReadHeartbeatsAsync(SseStream stream, int count)
    {
        while (count > 0)
        {
            var frame = await stream.ReadFrameAsync();
            Assert.NotNull(frame);
            count -= frame.StartsWith(':') ? 1 : 0;
        }
    }
}
