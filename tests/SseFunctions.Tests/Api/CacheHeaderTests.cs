using SseFunctions.Tests.Access;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>No cache keeps an answer that the next request may get otherwise, and a problem is taken for nothing else.</summary>
public class CacheHeaderTests(AccessHost shared) : IClassFixture<AccessHost>
{
    private readonly TestHost host = shared.Host;

    [Theory]
    [InlineData("events/open.complete", 204, "Last-Event-ID")]
    [InlineData("events/clock?mode=poll", 200, "Last-Event-ID")]
    [InlineData("events/clock?mode=push", 400, "Last-Event-ID")]
    [InlineData("events/-a", 400, "Last-Event-ID")]
    [InlineData("events", 400, "Last-Event-ID")]
    [InlineData("events/closed", 401, "Last-Event-ID, Authorization, Cookie")]
    [InlineData("events?topic=closed&topic=clock", 401, "Last-Event-ID, Authorization, Cookie")]
    [InlineData("events/closed?token={token}", 403, "Last-Event-ID, Authorization, Cookie")]
    [InlineData("events/clock?mode=long-poll", 200, "Last-Event-ID")]
    [InlineData("topics/clock/events", 200, "")]
    [InlineData("topics/clock/events?limit=0", 400, "")]
    [InlineData("topics/closed/events", 401, "Authorization, Cookie")]
    [InlineData("topics/clock", 200, "")]
    [InlineData("topics/closed", 401, "Authorization, Cookie")]
    public async Task Answer_is_kept_by_no_cache_and_names_the_headers_that_decide(string path, int status, string vary)
    {
        using var completed = await host.Client.PostAsync("topics/open.complete/complete", null); // of no events
        if (status == 204)
        {
            await using var known = await host.OpenAsync($"{path}?mode=poll"); // 200 while its head is still being read
            await known.ReadToEndAsync();
        }

        using var answer = await host.Client
            .GetAsync(path.Replace("{token}", SignedToken.For(DateTimeOffset.UtcNow.AddHours(1), "other"), StringComparison.Ordinal))
            .WaitAsync(SseStream.Timeout);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.True(answer.Headers.CacheControl?.NoStore);
        Assert.Equal(vary, string.Join(", ", answer.Headers.Vary));
    }

    [Theory]
    [InlineData("GET", "events/-a", 400)]
    [InlineData("GET", "topics/closed", 401)]
    [InlineData("POST", "events/a", 415)]
    [InlineData("POST", "tokens", 415)]
    [InlineData("POST", "topics/-a/complete", 400)]
    [InlineData("OPTIONS", "events/-a", 400)]
    public async Task Problem_is_sniffed_by_no_browser_and_kept_by_no_cache(string method, string path, int status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await host.Client.SendAsync(request).WaitAsync(SseStream.Timeout);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.True(answer.Headers.CacheControl?.NoStore);
    }
}
