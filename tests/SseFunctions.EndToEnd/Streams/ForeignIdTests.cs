using System.Text;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Streams;

/// <summary>A Last-Event-ID that another server gave. Only at the local host: the Functions host's proxy answers 500 to a header that is not ASCII.</summary>
public sealed class ForeignIdTests
{
    private readonly string topic = TopicApi.NewTopic();

    [SkippableTheory]
    [InlineData("utf-8")]
    [InlineData("iso-8859-1")] // bytes that are no UTF-8
    public async Task Stream_says_unknown_when_the_id_in_the_header_is_not_ascii(string encoding)
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        await using var host = await TestHost.StartOnAsync(TestStorage.NewTableName());
        var id = await host.Client.PublishAsync(topic, "oldest");
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, RequestHeaderEncodingSelector = (_, _) => Encoding.GetEncoding(encoding) })
        {
            BaseAddress = host.BaseAddress,
        };

        await using var stream = await SseStream.OpenAsync(client, $"events/{topic}", "ünïcode");

        var reset = await stream.ReadEventAsync();
        Assert.Equal("sse.reset", reset?.Type);
        Assert.Equal("unknown", JsonSerializer.Deserialize<JsonElement>(reset!.Data).GetProperty("reason").GetString());
        Assert.Equal(new SseMessage(id, "message", "oldest"), await stream.ReadEventAsync());
    }
}
