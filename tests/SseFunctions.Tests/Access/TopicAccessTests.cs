using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Access;

/// <summary>Who may read what, over HTTP (promise 8).</summary>
public class TopicAccessTests(AccessHost shared) : IClassFixture<AccessHost>
{
    private static readonly string Good = SignedToken.For(DateTimeOffset.UtcNow.AddHours(1), "orders.*");
    private static readonly string Expired = SignedToken.For(DateTimeOffset.UtcNow.AddSeconds(-1), "orders.*");
    private static readonly string Other = SignedToken.For(DateTimeOffset.UtcNow.AddHours(1), "invoices");

    private readonly TestHost host = shared.Host;

    public static TheoryData<string> Reads =>
        ["events/{0}?x=", "events/{0}?from=start", "events/{0}?last=5", "events/{0}?lastEventId=abc123-1", "events/{0}?mode=poll&from=start", "topics/{0}?x="];

    [Theory]
    [MemberData(nameof(Reads))]
    public async Task Every_read_needs_a_token_that_covers_the_topic_when_it_is_not_open(string path)
    {
        await host.PublishAsync("orders.eu", "a secret");

        await AssertRefusedAsync(host, Path("orders.eu"), HttpStatusCode.Unauthorized, "token", "Bearer", "carries no token");
        await AssertRefusedAsync(host, Path("orders.eu") + $"&token={Expired}", HttpStatusCode.Unauthorized, "token", "Bearer error=\"invalid_token\"", "expired at");
        await AssertRefusedAsync(host, Path("orders.eu") + $"&token={Other}", HttpStatusCode.Forbidden, "topic", "Bearer error=\"insufficient_scope\"", "does not cover");
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, Path("orders.eu") + $"&token={Good}"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, Path("clock")));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, Path("open.to-all")));
        await AssertRefusedAsync(host, Path("clock2"), HttpStatusCode.Unauthorized, "token", "Bearer", "not open");

        string Path(string topic) => string.Format(System.Globalization.CultureInfo.InvariantCulture, path, topic);
    }

    [Fact]
    public async Task Several_topics_need_every_one_open_or_covered()
    {
        const string Both = "events?mode=poll&topic=orders.eu&topic=clock";

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, "events?mode=poll&topic=open.a&topic=clock"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, $"{Both}&token={Good}"));
        await AssertRefusedAsync(host, Both, HttpStatusCode.Unauthorized, "token", "Bearer", "'orders.eu' is not open");
        await AssertRefusedAsync(host, $"{Both}&token={Other}", HttpStatusCode.Forbidden, "topic", "Bearer error=\"insufficient_scope\"", "'orders.eu'");
        await AssertRefusedAsync(host, $"events?mode=poll&topic=orders.eu&topic=zoo&token={Good}", HttpStatusCode.Forbidden, "topic", "Bearer error=\"insufficient_scope\"", "'zoo'");
        await AssertRefusedAsync(host, $"{Both}&topic=invoices&token={Good}", HttpStatusCode.Forbidden, "topic", "Bearer error=\"insufficient_scope\"", "'invoices'");
    }

    [Theory]
    [InlineData("events/orders.de?from=start")]
    [InlineData("events?topic=clock&topic=orders.de&topic=open.z&from=start")] // the shortest of them counts
    [InlineData("events?topic=orders.de&topic=orders.zz&from=start")]
    [InlineData("events?topic=clock&topic=open.z&topic=bills&from=start")] // the token's topic is the first by name
    public async Task Stream_ends_before_its_token_does_and_then_the_token_opens_nothing(string path)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await host.PublishAsync(path.Contains("bills", StringComparison.Ordinal) ? "bills" : "orders.de", "1");
        await using var late = await TestHost.StartAsync(AccessHost.Settings, time, table: host.Table);
        path += $"&token={SignedToken.For(time.GetUtcNow().AddSeconds(60), "orders.*", "bills")}";
        await using var stream = await late.OpenAsync(path);
        Assert.Equal("1", (await stream.ReadEventAsync())!.Data);

        time.Advance(TimeSpan.FromSeconds(55));
        var rest = await stream.ReadToEndAsync();

        Assert.Contains("end of this response", rest[^1], StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(late, path + "&mode=poll"));
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(late, path + "&mode=poll"));
    }

    [Fact]
    public async Task Last_event_id_opens_nothing_when_there_is_no_token()
    {
        var ids = await host.PublishAsync("orders.eu", "1", "2");

        await using var stream = await host.OpenAsync("events/orders.eu", ids[0]);

        Assert.Equal(HttpStatusCode.Unauthorized, stream.Response.StatusCode);
    }

    [Theory]
    [InlineData("Good", null, null, 200)]
    [InlineData(null, "Good", null, 200)]
    [InlineData(null, null, "Good", 200)]
    [InlineData("Good", "Expired", "Expired", 200)] // the header wins
    [InlineData(null, "Good", "Expired", 200)] // then the query
    [InlineData("Expired", "Good", "Good", 401)] // and what has won is not made good by another
    [InlineData("Other", "Good", "Good", 403)]
    [InlineData(null, "Other", "Good", 403)]
    [InlineData("", "", "Good", 200)] // empty is none
    [InlineData("", "", "", 401)]
    public async Task Token_is_taken_from_the_header_then_the_query_then_the_cookie(string? header, string? query, string? cookie, int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "topics/orders.eu" + (query is null ? "" : $"?token={Token(query)}"));
        if (header is not null)
            request.Headers.TryAddWithoutValidation("Authorization", $"bearer {Token(header)}");

        if (cookie is not null)
            request.Headers.Add("Cookie", $"a=b; sse_token={Token(cookie)}; c=d");

        using var answer = await host.Client.SendAsync(request).WaitAsync(SseStream.Timeout);

        Assert.Equal(status, (int)answer.StatusCode);

        static string Token(string name) => name switch { "Good" => Good, "Expired" => Expired, "Other" => Other, _ => name };
    }

    [Fact]
    public async Task Authorization_of_another_scheme_is_no_token()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"topics/orders.eu?token={Good}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", "dTpw");

        using var answer = await host.Client.SendAsync(request).WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Several_tokens_in_one_place_are_refused_even_when_one_is_good()
    {
        await AssertRefusedAsync(
            host, $"topics/orders.eu?token={Good}&token={Other}", HttpStatusCode.Unauthorized, "token", "Bearer error=\"invalid_token\"", "2 different values");
    }

    [Fact]
    public async Task Token_does_not_matter_when_the_topic_is_open()
    {
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, $"topics/clock?token={Expired}"));
    }

    [Fact]
    public async Task Oversized_token_is_refused_with_its_size_and_the_limit()
    {
        using var answer = await host.Client.GetAsync($"topics/orders.eu?token={new string('a', 4097)}").WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        var problem = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync());
        Assert.Equal(4096, problem.GetProperty("limit").GetInt64());
        Assert.Equal(4097, problem.GetProperty("size").GetInt64());
    }

    [Fact]
    public async Task Topic_state_is_kept_by_no_cache()
    {
        using var answer = await host.Client.GetAsync($"topics/orders.eu?token={Good}").WaitAsync(SseStream.Timeout);

        Assert.True(answer.Headers.CacheControl?.NoStore);
    }

    private static async Task<HttpStatusCode> StatusAsync(TestHost host, string path)
    {
        using var answer = await host.Client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead).WaitAsync(SseStream.Timeout);
        return answer.StatusCode;
    }

    private static async Task AssertRefusedAsync(TestHost host, string path, HttpStatusCode status, string field, string challenge, string reason)
    {
        using var answer = await host.Client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead).WaitAsync(SseStream.Timeout);
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal(challenge, answer.Headers.NonValidated["WWW-Authenticate"].ToString());
        var text = await answer.Content.ReadAsStringAsync();
        var problem = JsonSerializer.Deserialize<JsonElement>(text);
        Assert.Equal(field, problem.GetProperty("field").GetString());
        Assert.Contains(reason, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        foreach (var secret in (string[])[SignedToken.Key, Good, Expired, Other, "a secret"])
            Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
    }
}
