using System.Net;
using System.Net.Http.Headers;
using SseFunctions.Tests.Access;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>Only pages that stay as they are may be kept, and only of topics that everybody may read.</summary>
public class HistoryCacheTests(AccessHost shared) : IClassFixture<AccessHost>
{
    private readonly TestHost host = shared.Host;
    private readonly string name = $"{Guid.NewGuid():N}";

    [Theory]
    [InlineData("open.", "after={0}&limit=2", true)]
    [InlineData("open.", "after={0}&limit=2&type=message", true)]
    [InlineData("open.", "after={0}&before={3}", true)]
    [InlineData("open.", "before={4}&limit=2", true)]
    [InlineData("open.", "after={0}&limit=2&token=x", true)] // nobody looks at it
    [InlineData("open.", "after={0}&limit=4", false)] // full, and more may come
    [InlineData("open.", "after={0}", false)]
    [InlineData("open.", "after={4}", false)]
    [InlineData("open.", "after={0}&before={9}", false)]
    [InlineData("open.", "limit=2", false)] // begins where retention says
    [InlineData("open.", "since=1h&limit=2", false)]
    [InlineData("open.", "before={4}", false)] // as much as is retained
    [InlineData("open.", "before={9}&limit=2", false)]
    [InlineData("open.", "after=garbage&limit=2", false)]
    [InlineData("open.", "after=zzzz-1&limit=2", false)]
    [InlineData("open.", "after={0}&before=zzzz-1&limit=2", false)]
    [InlineData("closed.", "after={0}&limit=2", false)]
    [InlineData("closed.", "before={4}&limit=2", false)]
    public async Task Page_is_kept_by_caches_when_it_stays_as_it_is(string prefix, string query, bool isKept)
    {
        var topic = prefix + name;
        var ids = await host.PublishAsync(topic, "1", "2", "3", "4", "5");
        query = query.Replace("{9}", ids[4][..^1] + "zz", StringComparison.Ordinal);
        for (var i = 0; i < ids.Count; i++)
            query = query.Replace($"{{{i}}}", ids[i], StringComparison.Ordinal);

        using var get = await SendAsync(HttpMethod.Get, topic, query);
        using var head = await SendAsync(HttpMethod.Head, topic, query);

        foreach (var answer in (HttpResponseMessage[])[get, head])
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(isKept ? "public, max-age=3600, immutable" : "no-store", answer.Headers.NonValidated["Cache-Control"].ToString());
            Assert.Equal(isKept, answer.Headers.ETag is not null);
            Assert.Equal(prefix == "open." ? "" : "Authorization, Cookie", string.Join(", ", answer.Headers.Vary));
            Assert.Equal("application/json; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        }

        Assert.NotEmpty(await get.Content.ReadAsByteArrayAsync());
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Page_is_not_sent_again_to_who_has_it()
    {
        var topic = $"open.{name}";
        var ids = await host.PublishAsync(topic, "1", "2", "3");
        using var page = await SendAsync(HttpMethod.Get, topic, $"after={ids[0]}&limit=1");
        using var other = await SendAsync(HttpMethod.Get, topic, $"after={ids[0]}&limit=1&before={ids[2]}");

        using var again = await SendAsync(HttpMethod.Get, topic, $"after={ids[0]}&limit=1", page.Headers.ETag);
        using var changed = await SendAsync(HttpMethod.Get, topic, $"after={ids[0]}&limit=1", new EntityTagHeaderValue("\"x\""));

        Assert.Equal((HttpStatusCode.NotModified, HttpStatusCode.OK), (again.StatusCode, changed.StatusCode));
        Assert.Equal(page.Headers.ETag, again.Headers.ETag);
        Assert.NotEqual(page.Headers.ETag, other.Headers.ETag); // the same event, and nothing after it
        Assert.Equal("public, max-age=3600, immutable", again.Headers.NonValidated["Cache-Control"].ToString());
    }

    [Fact]
    public async Task Closed_topic_has_no_page_without_a_token()
    {
        using var answer = await host.Client.GetAsync($"topics/closed.{name}/events").WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string topic, string query, EntityTagHeaderValue? known = null)
    {
        using var request = new HttpRequestMessage(method, $"topics/{topic}/events?{query}");
        if (!topic.StartsWith("open.", StringComparison.Ordinal))
            request.Headers.Authorization = new("Bearer", SignedToken.For(DateTimeOffset.UtcNow.AddHours(1), topic));

        if (known is not null)
            request.Headers.IfNoneMatch.Add(known);

        return await host.Client.SendAsync(request).WaitAsync(SseStream.Timeout);
    }
}
