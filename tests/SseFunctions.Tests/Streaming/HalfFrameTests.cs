using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

/// <summary>WebKit reads a response as the rest of the frame in which its last one broke; no other client needs what helps it.</summary>
public sealed class HalfFrameTests
{
    private const string Safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1";
    private const string Chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
    private const string Firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";

    [Theory]
    [InlineData(Safari, true, true)]
    [InlineData(Safari, false, false)] // nothing has come before
    [InlineData(Chrome, true, false)]
    [InlineData(Firefox, true, false)]
    [InlineData("curl/8.14.1", true, false)]
    public async Task Response_begins_with_what_ends_half_a_frame_when_a_webkit_client_comes_back(string userAgent, bool comesBack, bool isExpected)
    {
        await using var host = await TestHost.StartAsync();
        var ids = await host.PublishAsync("a", "1", "2");
        using var request = new HttpRequestMessage(HttpMethod.Get, "events/a?mode=poll&from=start");
        request.Headers.TryAddWithoutValidation("User-Agent", userAgent);
        if (comesBack)
            request.Headers.TryAddWithoutValidation("Last-Event-ID", ids[0]);

        using var answer = await host.Client.SendAsync(request);
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n');

        string[] start = isExpected
            ? [":", "retry", ": topic a", $"id: {ids[0]}", "event: sse.cursor", "data: {}", "", $"id: {ids[1]}"]
            : ["retry", ": topic a", $"id: {ids[comesBack ? 1 : 0]}"];
        Assert.Equal(start, lines.Take(start.Length).Select(line => line.StartsWith("retry: ", StringComparison.Ordinal) ? "retry" : line));
    }
}
