using System.Diagnostics;
using SseFunctions.TestSupport;
using Xunit.Abstractions;

namespace SseFunctions.EndToEnd.Streams;

[Collection(TimedCollection.Name)]
public sealed class DisconnectTests(ITestOutputHelper output)
{
    /// <summary>Less than a heartbeat: the host must notice the leaving itself, not a write that fails.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    private readonly string table = TestStorage.NewTableName();
    private readonly string topic = TopicApi.NewTopic();

    [SkippableFact]
    public async Task Session_is_freed_when_its_client_goes_away()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        await using var host = await LocalHostProcess.StartAsync(table);
        await using var closing = await SseStream.OpenAsync(host.Client, $"events/{topic}");
        await using var alsoClosing = await SseStream.OpenAsync(host.Client, $"events/{topic}");
        using var resetting = await RawClient.OpenAsync(host.BaseAddress, $"events/{topic}");
        Assert.Equal(3, await host.Client.GetOpenStreamsAsync());

        await closing.DisposeAsync();
        await MeasureUntilOpenAsync(host, 2, "the first of two that close");
        await alsoClosing.DisposeAsync();
        await MeasureUntilOpenAsync(host, 1, "the second");
        resetting.Reset();
        await MeasureUntilOpenAsync(host, 0, "one that resets");
    }

    [SkippableFact]
    public async Task Session_is_freed_when_a_client_that_takes_no_bytes_resets_its_connection()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        await using var host = await LocalHostProcess.StartAsync(table);
        await BulkyTopic.PublishAsync(host.Client, topic);
        using var stuck = await RawClient.OpenAsync(host.BaseAddress, $"events/{topic}?from=start");
        await BulkyTopic.ReadAllAsync(host.Client, topic); // by then its own stream is stuck in a write
        await MeasureUntilOpenAsync(host, 1, "the reader");

        stuck.Reset();

        await MeasureUntilOpenAsync(host, 0, "the one that was stuck in a write");
    }

    [SkippableFact]
    public async Task Every_session_is_freed_when_its_client_takes_no_bytes_for_the_write_timeout()
    {
        const int Rounds = 3; // a timer that fires a little early does so in some rounds only
        const int Clients = 8;
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        await using var host = await LocalHostProcess.StartAsync(table, "Stream__WriteTimeout=00:00:01");
        await BulkyTopic.PublishAsync(host.Client, topic);
        var stuck = new List<RawClient>();
        try
        {
            for (var round = 1; round <= Rounds; round++)
            {
                while (stuck.Count < round * Clients)
                    stuck.Add(await RawClient.OpenAsync(host.BaseAddress, $"events/{topic}?from=start"));

                await MeasureUntilOpenAsync(host, 0, $"all of {Clients} that take no bytes for 1 s");
            }
        }
        finally
        {
            stuck.ForEach(client => client.Dispose());
        }
    }

    private async Task MeasureUntilOpenAsync(LocalHostProcess host, int expected, string who)
    {
        var since = Stopwatch.StartNew();
        int open;
        while ((open = await host.Client.GetOpenStreamsAsync()) != expected)
            Assert.True(since.Elapsed < Bound, $"{open} streams are open after {since.Elapsed}, not {expected}");

        output.WriteLine($"Freed after {since.ElapsedMilliseconds} ms: {who}");
    }
}
