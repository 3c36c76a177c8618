using System.Net;
using System.Text;
using SseFunctions.Tests.Access;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>What clients give twice: polyfills add a parameter again, fetch joins headers, browsers send cookies of two paths.</summary>
public class RepeatedValueTests(AccessHost shared) : IClassFixture<AccessHost>
{
    private static readonly string Token = SignedToken.For(DateTimeOffset.UtcNow.AddHours(1), "orders.*");
    private static readonly string Foreign = SignedToken.For(DateTimeOffset.UtcNow.AddHours(1), "invoices");

    private readonly TestHost host = shared.Host;
    private readonly string topic = $"open.{Guid.NewGuid():N}";

    [Theory]
    [InlineData("?mode=poll&lastEventId={0}&lastEventId={1}")]
    [InlineData("?mode=poll&lastEventId={1}&lastEventId={1}")]
    [InlineData("?mode=poll&lastEventId={0},{1}")]
    [InlineData("?mode=poll&lastEventId={1}&lastEventId=")]
    [InlineData("?mode=poll&mode=poll&mode=&lastEventId={1}")]
    [InlineData("?mode=poll", "Last-Event-ID: {0}", "Last-Event-ID: {1}")]
    [InlineData("?mode=poll", "Last-Event-ID: {1}", "Last-Event-ID: {1}")]
    [InlineData("?mode=poll", "Last-Event-ID: {1}, {1}")]
    [InlineData("?mode=poll", "Last-Event-ID: {0},{1}")]
    [InlineData("?mode=poll", "last-event-id:   {1}  ")]
    [InlineData("?mode=poll&lastEventId={1}", "Last-Event-ID: ")]
    [InlineData("?mode=poll&lastEventId={0}", "Last-Event-ID: {1}")]
    [InlineData("?mode=poll&from=start&from=start&last=2&last=2")]
    public async Task Stream_begins_where_the_newest_id_says(string query, params string[] headers)
    {
        var ids = await host.PublishAsync(topic, "one", "two", "three", "four");

        var answer = await RawRequest.SendAsync(host, [$"GET /api/events/{topic}{Fill(query)} HTTP/1.1", .. headers.Select(Fill)]);

        Assert.Equal(200, RawRequest.StatusOf(answer));
        Assert.DoesNotContain("sse.reset", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("data: two\n", answer, StringComparison.Ordinal);
        Assert.Contains("data: three\n", answer, StringComparison.Ordinal);

        string Fill(string text) => text.Replace("{0}", ids[0], StringComparison.Ordinal).Replace("{1}", ids[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mode=poll&mode=push", "mode")]
    [InlineData("from=now&from=start", "from")]
    [InlineData("last=1&last=2", "last")]
    [InlineData("since=1h&since=2h", "since")]
    public async Task Stream_answers_400_when_a_parameter_has_two_values(string query, string field)
    {
        var answer = await RawRequest.SendAsync(host, [$"GET /api/events/{topic}?{query} HTTP/1.1"]);

        Assert.Equal(400, RawRequest.StatusOf(answer));
        Assert.Contains($"\"field\":\"{field}\"", answer, StringComparison.Ordinal);
        Assert.Contains("2 different values; one is allowed", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(201, "?type=a&type=a", "Content-Type: text/plain")]
    [InlineData(201, "?type=a&type=", "Content-Type: text/plain")]
    [InlineData(201, "?type=a", "Content-Type: text/plain", "Content-Type: text/plain")]
    [InlineData(201, "?type=a", "Content-Type: text/plain, text/plain")]
    [InlineData(201, "?type=a", "Content-Type: text/plain; charset=utf-8;")]
    [InlineData(201, "?type=a", "Content-Type: text/plain", "Idempotency-Key: k", "Idempotency-Key: k")]
    [InlineData(200, "?type=a", "Content-Type: text/plain", "Idempotency-Key: repeated, repeated")]
    [InlineData(400, "?type=a&type=b", "Content-Type: text/plain")]
    [InlineData(415, "?type=a", "Content-Type: text/plain", "Content-Type: application/json")]
    [InlineData(400, "?type=a", "Content-Type: text/plain", "Idempotency-Key: k, l")]
    public async Task Publish_takes_the_same_value_twice_and_refuses_two(int status, string query, params string[] headers)
    {
        await RawRequest.SendAsync(host, [$"POST /api/events/{topic}?type=a HTTP/1.1", "Content-Type: text/plain", "Idempotency-Key: repeated"], "x"u8.ToArray());

        var answer = await RawRequest.SendAsync(host, [$"POST /api/events/{topic}{query} HTTP/1.1", .. headers], "x"u8.ToArray());

        Assert.Equal(status, RawRequest.StatusOf(answer));
    }

    [Theory]
    [InlineData(200, "", "Authorization: Bearer {0}", "Authorization: Bearer {0}")]
    [InlineData(200, "", "Authorization: Bearer {0}, Bearer {0}")]
    [InlineData(200, "", "Authorization: Basic eDp5", "Authorization: bEARER   {0} ")]
    [InlineData(200, "?token={0}&token={0}")]
    [InlineData(200, "?token=&token={0}")]
    [InlineData(200, "", "Cookie: sse_token={0}; sse_token={1}")] // the longer path first: RFC 6265, section 5.4
    [InlineData(403, "", "Cookie: sse_token={1}; sse_token={0}")]
    [InlineData(200, "", "Cookie: sse_token={0}", "Cookie: sse_token={1}")]
    [InlineData(200, "", "Cookie: a b; =; x=\"; sse_token=\"{0}\"")]
    [InlineData(200, "", "Cookie: sse_token=; sse_token={0}")]
    [InlineData(401, "", "Cookie: SSE_TOKEN={0}; xsse_token={0}")]
    [InlineData(401, "", "Authorization: Bearer {0}", "Authorization: Bearer {1}")]
    [InlineData(401, "?token={0}&token={1}")]
    [InlineData(401, "", "Authorization: Bearer{0}")]
    public async Task Token_is_found(int status, string query, params string[] headers)
    {
        var answer = await RawRequest.SendAsync(host, [$"GET /api/topics/orders.eu{Fill(query)} HTTP/1.1", .. headers.Select(Fill)]);

        Assert.Equal(status, RawRequest.StatusOf(answer));

        static string Fill(string text) => text.Replace("{0}", Token, StringComparison.Ordinal).Replace("{1}", Foreign, StringComparison.Ordinal);
    }
}
