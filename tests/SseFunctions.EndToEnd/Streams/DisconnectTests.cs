using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Streams;

/// <summary>Clients that have gone, or take nothing, leave nothing behind.</summary>
/// <remarks>A failed read of storage ends their streams and they do not come back, so they have an Azurite of their own.</remarks>
public sealed class DisconnectTests(OwnStorage storage) : IClassFixture<OwnStorage>
{
    /// <summary>Longer than any test waits: the host must notice the leaving itself, not a write that fails.</summary>
    private const string NoHeartbeat = "Stream__Heartbeat=00:03:00";

    private readonly string table = TestStorage.NewTableName();
    private readonly string topic = TopicApi.NewTopic();

    [SkippableFact]
    public async Task Session_is_freed_when_its_client_goes_away()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        await using var host = await TestHost.StartOnAsync(table, storage.Setting, NoHeartbeat);
        await using var closing = await SseStream.OpenAsync(host.Client, $"events/{topic}");
        await using var alsoClosing = await SseStream.OpenAsync(host.Client, $"events/{topic}");
        using var resetting = await RawClient.OpenAsync(host.BaseAddress, $"events/{topic}");
        Assert.Equal(3, await host.Client.GetOpenStreamsAsync());

        await closing.DisposeAsync();
        await host.Client.WaitForOpenStreamsAsync(2);
        await alsoClosing.DisposeAsync();
        await host.Client.WaitForOpenStreamsAsync(1);
        resetting.Reset();
        await host.Client.WaitForOpenStreamsAsync(0);
    }

    [SkippableFact]
    public async Task Session_is_freed_when_a_client_that_takes_no_bytes_resets_its_connection()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        await using var host = await TestHost.StartOnAsync(table, storage.Setting, NoHeartbeat, "Stream__WriteTimeout=00:03:00");
        await BulkyTopic.PublishAsync(host.Client, topic);
        using var stuck = await RawClient.OpenAsync(host.BaseAddress, $"events/{topic}?from=start");
        await BulkyTopic.ReadAllAsync(host.Client, topic); // by then its own stream is stuck in a write
        await host.Client.WaitForOpenStreamsAsync(1);

        stuck.Reset();

        await host.Client.WaitForOpenStreamsAsync(0);
    }

    [SkippableFact]
    public async Task Every_session_is_freed_when_its_client_takes_no_bytes_for_the_write_timeout()
    {
        const int Rounds = 3; // a timer that fires a little early does so in some rounds only
        const int Clients = 8;
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        await using var host = await TestHost.StartOnAsync(table, storage.Setting, NoHeartbeat, "Stream__WriteTimeout=00:00:01");
        await BulkyTopic.PublishAsync(host.Client, topic);
        var stuck = new List<RawClient>();
        try
        {
            for (var round = 1; round <= Rounds; round++)
            {
                while (stuck.Count < round * Clients)
                    stuck.Add(await RawClient.OpenAsync(host.BaseAddress, $"events/{topic}?from=start"));

                await host.Client.WaitForOpenStreamsAsync(0);
            }
        }
        finally
        {
            stuck.ForEach(client => client.Dispose());
        }
    }
}
