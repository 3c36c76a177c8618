using System.Globalization;
using System.Text;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Streams;

/// <summary>Clients that read nothing hold a cursor, not a queue (promise 7).</summary>
/// <remarks>A failed read of storage ends their streams and they do not come back, so they have an Azurite of their own.</remarks>
public sealed class SlowClientTests(OwnStorage storage) : IClassFixture<OwnStorage>
{
    private const int Clients = 200;

    /// <summary>
    /// Sets how many events are published. All must be published within <c>WriteTimeout</c>, after which the clients are cut off. The
    /// default is few enough for a slow machine; in a thorough run it is more bytes than the cache holds.
    /// </summary>
    private const string EventsVariable = "SSE_SLOW_CLIENT_EVENTS";
    private static readonly int DefaultEvents = Thoroughness.Choose(brief: 2_000, full: 5_000);
    private static readonly int EventBytes = Thoroughness.Choose(brief: 1_000, full: 2_400);
    private const int Batch = 98;

    /// <summary>
    /// 128 MiB, in the collector's own notation: the host ends when it needs more. A queue for each client would come to
    /// at least 400 MB; in a thorough run even a copy for each of what the cache holds, to 2 GB.
    /// </summary>
    private const string HeapLimit = "DOTNET_GCHeapHardLimit=0x8000000";

    [SkippableFact]
    public async Task Memory_is_bounded_while_two_hundred_clients_read_nothing_and_many_events_pass()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        await using var host = await LocalHostProcess.StartAsync(
            TestStorage.NewTableName(), storage.Setting, HeapLimit, "Stream__CacheBytes=10485760", "Stream__WriteTimeout=00:03:00", TestHost.LongLifetime);
        var topic = TopicApi.NewTopic();
        var count = Environment.GetEnvironmentVariable(EventsVariable) is { Length: > 0 } given ? int.Parse(given, CultureInfo.InvariantCulture) : DefaultEvents;
        await using var reading = await SseStream.OpenLiveAsync(host.Client, $"events/{topic}"); // first: so the others' topic is in memory
        var clients = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => RawClient.OpenAsync(host.BaseAddress, $"events/{topic}")));
        var read = reading.ReadEventsAsync(count);

        for (var i = 0; i < count; i += Batch)
            await PublishAsync(host.Client, topic, i, Math.Min(Batch, count - i));

        Assert.Equal(Enumerable.Range(0, count), (await read).Select(message => NumberOf(message.Data)));
        Assert.Equal(Clients + 1, await host.Client.GetOpenStreamsAsync());
        foreach (var client in clients)
            client.Dispose();
    }

    private static async Task PublishAsync(HttpClient client, string topic, int first, int count)
    {
        var lines = Enumerable.Range(first, count).Select(i => $$"""{"data":"{{i.ToString("D8", CultureInfo.InvariantCulture)}} {{new string('x', EventBytes)}}"}""");
        var body = string.Join('\n', lines);
        using var answer = await client.SendUntilAvailableAsync(
            () => new(HttpMethod.Post, $"events/{topic}") { Content = new StringContent(body, Encoding.UTF8, "application/x-ndjson") });
        answer.EnsureSuccessStatusCode();
    }

    private static int NumberOf(string data) => int.Parse(data.AsSpan(1, 8), CultureInfo.InvariantCulture);
}
