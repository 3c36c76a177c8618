using System.IO.Compression;
using System.Net;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Streams;

/// <summary>What clients send a little differently from each other is read as they mean it, whatever host is in front.</summary>
public abstract class RequestSpellingTests(Target target)
{
    public sealed class Direct(Target target) : RequestSpellingTests(target), IClassFixture<Target>;

    public sealed class Proxied(ProxiedTarget target) : RequestSpellingTests(target), IClassFixture<ProxiedTarget>;

    [Collection(WorkerTarget.Collection)]
    public sealed class Worker(WorkerTarget target) : RequestSpellingTests(target);

    [Collection(WebAppTarget.Collection)]
    public sealed class WebApp(WebAppTarget target) : RequestSpellingTests(target);

    private readonly string topic = TopicApi.NewTopic();

    [Theory]
    [InlineData("health", "application/json")]
    [InlineData("demo", "text/html")]
    [InlineData("client.js", "text/javascript")]
    [InlineData("topics/{topic}", "application/json")]
    [InlineData("events/{topic}", "text/event-stream")]
    [InlineData("events?topic={topic}", "text/event-stream")]
    public async Task Head_answers_as_get_does_and_ends_at_once(string path, string mediaType)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, path.Replace("{topic}", topic, StringComparison.Ordinal));
        using var answer = await target.Client.SendAsync(request).WaitAsync(SseStream.Timeout);

        Assert.Equal((HttpStatusCode.OK, mediaType), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Demo_page_is_found_with_a_slash_at_its_end()
    {
        using var answer = await target.Client.GetAsync("demo/").WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.EndsWith("/demo", answer.RequestMessage!.RequestUri!.AbsolutePath, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("&lastEventId={0}&lastEventId={1}", null)]
    [InlineData("&lastEventId={1}&lastEventId={1}", null)]
    [InlineData("", "{0}, {1}")]
    [InlineData("", "{1}, {1}")]
    public async Task Newest_of_several_last_event_ids_counts(string query, string? header)
    {
        var ids = await target.Client.PublishAllAsync(topic, "a", "b", "c");

        var message = await SseStream.FirstEventAsync(target.Client, $"events/{topic}?mode=poll{Fill(query)}", header is null ? null : Fill(header));

        Assert.Equal("c", message.Data);

        string Fill(string text) => text.Replace("{0}", ids[0], StringComparison.Ordinal).Replace("{1}", ids[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task End_of_a_complete_topic_is_kept_by_no_cache()
    {
        var ids = await target.Client.PublishAllAsync(topic, "a");
        await target.Client.CompleteAsync(topic);

        // 200 while the topic's head is still being read.
        using var answer = await AskAsync();

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.True(answer.Headers.CacheControl?.NoStore);
        Assert.Contains("Last-Event-ID", answer.Headers.Vary);

        async Task<HttpResponseMessage> AskAsync()
        {
            var answer = await target.Client.GetAsync($"events/{topic}?mode=poll&lastEventId={ids[0]}").WaitAsync(SseStream.Timeout);
            return answer.StatusCode == HttpStatusCode.OK ? await AskAsync() : answer;
        }
    }

    [Fact]
    public async Task CloudEvent_in_binary_mode_and_compressed_arrives_under_its_type()
    {
        using var encoded = new MemoryStream();
        await using (var encoder = new GZipStream(encoded, CompressionMode.Compress, leaveOpen: true))
            await encoder.WriteAsync("""{"n":1}"""u8.ToArray());

        using var content = new ByteArrayContent(encoded.ToArray());
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        content.Headers.ContentEncoding.Add("gzip");
        foreach (var (name, value) in ((string, string)[])[("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/shop"), ("ce-type", "shop.order")])
            content.Headers.Add(name, value);

        using var answer = await target.Client.PostAsync($"events/{topic}", content).WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var message = await SseStream.FirstEventAsync(target.Client, $"events/{topic}?from=start&mode=poll");
        Assert.Equal("shop.order", message.Type);
        Assert.Contains("\"data\":{\"n\":1}", message.Data, StringComparison.Ordinal);
    }
}
