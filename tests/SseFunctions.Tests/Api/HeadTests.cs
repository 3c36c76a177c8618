using System.Net;
using Microsoft.Extensions.DependencyInjection;
using SseFunctions.Streaming;
using SseFunctions.Tests.Access;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>HEAD answers what GET answers, without its body: RFC 9110, section 9.3.2.</summary>
public class HeadTests(AccessHost shared) : IClassFixture<AccessHost>
{
    private readonly TestHost host = shared.Host;

    [Theory]
    [InlineData("health")]
    [InlineData("demo")]
    [InlineData("client.js")]
    [InlineData("openapi.json")]
    [InlineData("topics/clock")]
    [InlineData("topics/closed")]
    [InlineData("topics/-a")]
    [InlineData("topics?prefix=closed")]
    [InlineData("topics/open.head/events")]
    [InlineData("topics/open.head/events?limit=0")]
    [InlineData("topics/closed/events")]
    [InlineData("events/open.head?mode=long-poll")]
    [InlineData("events/open.head?since=1h&type=a")]
    [InlineData("topics?limit=0")]
    [InlineData("events/open.head?from=start")]
    [InlineData("events/open.head?mode=poll")]
    [InlineData("events?topic=open.head&topic=clock")]
    [InlineData("events/closed")]
    [InlineData("events/-a")]
    [InlineData("events?topic=")]
    public async Task Head_answers_as_get_does_and_ends_at_once(string path)
    {
        await host.PublishAsync("open.head", "1");
        using var get = await SendAsync(HttpMethod.Get, path, HttpCompletionOption.ResponseHeadersRead);
        using var head = await SendAsync(HttpMethod.Head, path, HttpCompletionOption.ResponseContentRead);

        Assert.Equal(get.StatusCode, head.StatusCode);
        Assert.Equal(Headers(get), Headers(head));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Head_of_a_stream_answers_204_when_the_topic_is_complete_and_read()
    {
        await host.PublishAsync("open.done", "1");
        await using var reader = await host.OpenAsync("events/open.done?from=start");
        await reader.ReadEventAsync(); // so the topic is in memory: an answer does not wait long for a look at the table
        using var completed = await host.Client.PostAsync("topics/open.done/complete", null);

        using var head = await SendAsync(HttpMethod.Head, "events/open.done", HttpCompletionOption.ResponseContentRead);

        Assert.Equal(HttpStatusCode.NoContent, head.StatusCode);
    }

    [Fact]
    public async Task Head_of_a_stream_leaves_no_stream_open()
    {
        await using var own = await TestHost.StartAsync();

        for (var i = 0; i < 3; i++)
        {
            using var head = await own.Client.SendAsync(new(HttpMethod.Head, "events/a")).WaitAsync(SseStream.Timeout);
            Assert.Equal("text/event-stream", head.Content.Headers.ContentType?.MediaType);
        }

        await own.StopAsync();
        Assert.Equal(0, own.Services.GetRequiredService<OpenStreams>().Count);
    }

    [Theory]
    [InlineData("demo/", "../demo")]
    [InlineData("demo/?topics=a", "../demo?topics=a")]
    [InlineData("/", "/api/demo")]
    public async Task Demo_page_is_found_with_a_slash_at_its_end_and_at_the_root(string path, string location)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = host.Client.BaseAddress };
        using var answer = await client.GetAsync(path).WaitAsync(SseStream.Timeout);

        Assert.Equal((HttpStatusCode.Found, location), (answer.StatusCode, answer.Headers.Location?.OriginalString));
        Assert.Equal("/api/demo", new Uri(new Uri(client.BaseAddress!, path), answer.Headers.Location!).AbsolutePath);
    }

    [Theory]
    [InlineData("health/")]
    [InlineData("HEALTH")]
    [InlineData("client.js/")]
    [InlineData("topics/clock/")]
    [InlineData("Topics/%63lock")]
    [InlineData("events/clock/?mode=poll")]
    [InlineData("events/?topic=clock&mode=poll")]
    public async Task Route_is_found_in_every_spelling_that_the_Functions_host_takes(string path)
    {
        using var answer = await SendAsync(HttpMethod.Get, path, HttpCompletionOption.ResponseContentRead);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Route_is_found_by_an_absolute_form_URI()
    {
        var answer = await RawRequest.SendAsync(host, ["GET http://localhost/api/topics/clock HTTP/1.1"]);

        Assert.Equal(200, RawRequest.StatusOf(answer));
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpCompletionOption completion)
    {
        using var request = new HttpRequestMessage(method, path);
        return await host.Client.SendAsync(request, completion).WaitAsync(SseStream.Timeout);
    }

    /// <summary>All but those about the body's framing and the moment.</summary>
    private static IEnumerable<string> Headers(HttpResponseMessage answer) => answer.Headers.NonValidated
        .Concat(answer.Content.Headers.NonValidated)
        .Where(header => header.Key is not ("Date" or "Transfer-Encoding" or "Content-Length"))
        .Select(header => $"{header.Key}: {header.Value}")
        .Order(StringComparer.Ordinal);
}
