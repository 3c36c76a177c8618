using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Access;

/// <summary>POST tokens.</summary>
public class TokenEndpointTests(AccessHost shared) : IClassFixture<AccessHost>
{
    public static TheoryData<string, string, int, string, int?, int?> BadBodies => new()
    {
        { "", "application/json", 400, "body", null, null },
        { "[]", "application/json", 400, "body", null, null },
        { "null", "application/json", 400, "body", null, null },
        { """{"topics":["a"]}{}""", "application/json", 400, "body", null, null },
        { """{"topics":["a"],"topics":["b"]}""", "application/json", 400, "body", null, null },
        { """{"topics":["\ud800"]}""", "application/json", 400, "body", null, null },
        { """{"topics":["a"],"\ud800":1}""", "application/json", 400, "body", null, null },
        { """{"topics":["a"],"lifetime":1}""", "application/json", 400, "body", null, null },
        { """{"topics":["a"],"Topics":["b"]}""", "application/json", 400, "body", null, null },
        { """{"lifetimeSeconds":1}""", "application/json", 400, "topics", null, null },
        { """{"topics":"a"}""", "application/json", 400, "topics", null, null },
        { """{"topics":[]}""", "application/json", 400, "topics", null, null },
        { $$"""{"topics":[{{string.Join(',', Enumerable.Repeat("\"a\"", 33))}}]}""", "application/json", 400, "topics", 32, 33 },
        { """{"topics":["a",""]}""", "application/json", 400, "topics[1]", null, null },
        { """{"topics":["a",7]}""", "application/json", 400, "topics[1]", null, null },
        { """{"topics":["**"]}""", "application/json", 400, "topics[0]", null, null },
        { """{"topics":["a b"]}""", "application/json", 400, "topics[0]", null, null },
        { $$"""{"topics":["{{new string('a', 65)}}*"]}""", "application/json", 400, "topics[0]", 65, 66 },
        { """{"topics":["a"],"lifetimeSeconds":0}""", "application/json", 400, "lifetimeSeconds", null, null },
        { """{"topics":["a"],"lifetimeSeconds":86401}""", "application/json", 400, "lifetimeSeconds", 86400, 86401 },
        { """{"topics":["a"],"lifetimeSeconds":-600}""", "application/json", 400, "lifetimeSeconds", null, null },
        { """{"topics":["a"],"lifetimeSeconds":1.5}""", "application/json", 400, "lifetimeSeconds", null, null },
        { """{"topics":["a"],"lifetimeSeconds":1e30}""", "application/json", 400, "lifetimeSeconds", null, null },
        { """{"topics":["a"],"lifetimeSeconds":"600"}""", "application/json", 400, "lifetimeSeconds", null, null },
        { """{"topics":["a"],"lifetimeSeconds":null}""", "application/json", 400, "lifetimeSeconds", null, null },
        { new string('[', 8000), "application/json", 400, "body", null, null },
        { new string(' ', 8193), "application/json", 413, "body", 8192, 8193 },
        { """{"topics":["a"]}""", "text/plain", 415, "Content-Type", null, null },
        { """{"topics":["a"]}""", "application/json; charset=utf-16", 415, "Content-Type", null, null },
    };

    [Fact]
    public async Task Minted_token_opens_its_topics_until_it_expires()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var host = await TestHost.StartAsync(AccessHost.Settings, time);

        using var answer = await PostAsync(host, """{"topics":["orders.*"],"lifetimeSeconds":600}""");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(answer.Headers.CacheControl?.NoStore);
        var json = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(["token", "expires"], json.EnumerateObject().Select(member => member.Name));
        var expires = json.GetProperty("expires").GetDateTime();
        Assert.Equal(DateTimeKind.Utc, expires.Kind);
        Assert.InRange((expires - time.GetUtcNow().UtcDateTime).TotalSeconds, 599, 600);

        var token = json.GetProperty("token").GetString();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("orders.eu"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync("orders"));
        time.SetUtcNow(expires.AddMilliseconds(-1));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("orders.eu"));
        time.SetUtcNow(expires);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("orders.eu"));

        async Task<HttpStatusCode> StatusAsync(string topic)
        {
            using var answer = await host.Client.GetAsync($"topics/{topic}?token={token}").WaitAsync(SseStream.Timeout);
            return answer.StatusCode;
        }
    }

    [Theory]
    [InlineData("", 3600)]
    [InlineData(",\"lifetimeSeconds\":1", 1)]
    [InlineData(",\"lifetimeSeconds\":86400", 86400)]
    public async Task Token_lasts_for_what_is_asked_or_an_hour(string lifetime, int seconds)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var host = await TestHost.StartAsync(AccessHost.Settings, time);

        using var answer = await PostAsync(host, $$"""{"topics":["a"]{{lifetime}}}""");

        Assert.Equal(time.GetUtcNow().AddSeconds(seconds), (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("expires").GetDateTimeOffset());
    }

    [Fact]
    public async Task Token_with_the_most_and_longest_topics_is_accepted()
    {
        var host = shared.Host;
        var names = Enumerable.Range(10, 32).Select(i => $"{i}{new string('x', 62)}").ToList();

        using var answer = await PostAsync(host, $$"""{"topics":[{{string.Join(',', names.Select(name => $"\"{name}*\""))}}],"lifetimeSeconds":86400}""");

        var token = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString();
        using var read = await host.Client.GetAsync($"topics/{names[^1]}?token={token}").WaitAsync(SseStream.Timeout);
        Assert.Equal(HttpStatusCode.OK, read.StatusCode);
    }

    [Theory]
    [MemberData(nameof(BadBodies))]
    public async Task Bad_request_is_answered_with_a_problem_that_names_field_limit_and_size(
        string body, string contentType, int status, string field, int? limit, int? size)
    {
        using var answer = await PostAsync(shared.Host, body, contentType);

        await AssertProblemAsync(answer, status, field, limit, size);
    }

    [Theory]
    [InlineData("\uFEFF", "application/json")]
    [InlineData("", "application/json; charset=utf8")]
    [InlineData("", "application/json; charset=\"UTF-8\"")]
    [InlineData("", "application/json; charset=us-ascii")]
    [InlineData("", "Application/Vnd.Tokens+JSON")]
    public async Task Request_may_have_a_byte_order_mark_and_say_that_it_is_UTF_8(string mark, string contentType)
    {
        using var answer = await PostAsync(shared.Host, mark + """{"topics":["a"]}""", contentType);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Nothing_is_minted_when_there_is_no_signing_key()
    {
        await using var host = await TestHost.StartAsync(["Access:SigningKey="]);

        using var answer = await PostAsync(host, """{"topics":["a"]}""");

        await AssertProblemAsync(answer, 501, "Access__SigningKey", null, null);
    }

    private static async Task AssertProblemAsync(HttpResponseMessage answer, int status, string field, int? limit, int? size)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == (int)answer.StatusCode, $"{(int)answer.StatusCode}: {text}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = JsonSerializer.Deserialize<JsonElement>(text);
        Assert.Equal(field, problem.GetProperty("field").GetString());
        Assert.Equal(limit, problem.TryGetProperty("limit", out var l) ? l.GetInt32() : null);
        Assert.Equal(size, problem.TryGetProperty("size", out var s) ? s.GetInt32() : null);
    }

    private static Task<HttpResponseMessage> PostAsync(TestHost host, string body, string contentType = "application/json")
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        return host.Client.PostAsync("tokens", content).WaitAsync(SseStream.Timeout);
    }
}
