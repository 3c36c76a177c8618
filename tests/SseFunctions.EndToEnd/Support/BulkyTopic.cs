using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Support;

/// <summary>A topic with more bytes than the sockets between a host and a client hold.</summary>
internal static class BulkyTopic
{
    private const int EventBytes = 64 * 1024;

    /// <summary>6 MiB: Linux lets a connection's send buffer grow to 4 MiB, net.ipv4.tcp_wmem.</summary>
    private const int EventCount = 96;

    private const int PublishedAtOnce = 32;

    public static async Task PublishAsync(HttpClient client, string topic)
    {
        var bulk = new string('x', EventBytes);
        for (var i = 0; i < EventCount; i += PublishedAtOnce)
            await Task.WhenAll(Enumerable.Range(0, PublishedAtOnce).Select(_ => client.PublishAsync(topic, bulk)));
    }

    /// <summary>Reads all of it over connections of its own.</summary>
    public static async Task ReadAllAsync(HttpClient client, string topic)
    {
        var reader = new ReconnectingClient($"events/{topic}?from=start");
        await reader.ReadAsync(client, enough: EventCount);
        Assert.Equal(EventCount, reader.Events.Count);
    }
}
