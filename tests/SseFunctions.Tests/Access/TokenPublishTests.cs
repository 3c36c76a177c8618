using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Access;

/// <summary>POST topics/{topic}/events: publishing by token.</summary>
public sealed class TokenPublishTests : IAsyncLifetime
{
    private const int MaxBytes = 100;
    private const int PerMinute = 3;

    private TestHost host = null!;

    public async Task InitializeAsync() => host = await TestHost.StartAsync(
        ["Access:AnonymousTopics=*", $"Access:SigningKey={SignedToken.Key}", $"Access:PublishBytes={MaxBytes}", $"Access:PublishPerMinute={PerMinute}"]);

    public async Task DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public async Task Token_that_is_asked_for_publishes_to_its_topics_and_to_no_others()
    {
        var token = await MintAsync("""{"publish":["chat.*"],"subject":"user-17"}""");

        using var answer = await PostAsync("chat.lobby", "Hello", token);

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var id = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("ids")[0].GetString();
        await using var stream = await host.OpenAsync("events/chat.lobby?from=start");
        Assert.Equal(new SseMessage(id, "message", "Hello"), await stream.ReadEventAsync());
        await AssertRefusedAsync(HttpStatusCode.Forbidden, "topic", await PostAsync("news", "Hello", token));
        await AssertRefusedAsync(HttpStatusCode.Forbidden, "topic", await PostAsync("chat.lobby", "Hello", await MintAsync("""{"topics":["*"]}""")));
    }

    [Fact]
    public async Task Nobody_publishes_without_a_token_or_with_a_cookie()
    {
        var token = await MintAsync("""{"publish":["*"]}""");
        using var request = new HttpRequestMessage(HttpMethod.Post, "topics/a/events") { Content = new StringContent("1") };
        request.Headers.Add("Cookie", $"sse_token={token}");

        await AssertRefusedAsync(HttpStatusCode.Unauthorized, "token", await host.Client.SendAsync(request).WaitAsync(SseStream.Timeout));
        await AssertRefusedAsync(HttpStatusCode.Unauthorized, "token", await PostAsync("a", "1", "no.token.atall"));
        using var answer = await host.Client.PostAsync($"topics/a/events?token={token}", new StringContent("1")).WaitAsync(SseStream.Timeout);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    [Fact]
    public async Task Body_over_the_limit_is_refused_with_its_size_and_the_limit()
    {
        var token = await MintAsync("""{"publish":["*"],"subject":"large"}""");

        using var fits = await PostAsync("a", new string('x', MaxBytes), token);
        using var answer = await PostAsync("a", new string('x', MaxBytes + 1), token);

        Assert.Equal(HttpStatusCode.Created, fits.StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((MaxBytes, MaxBytes + 1), (problem.GetProperty("limit").GetInt32(), problem.GetProperty("size").GetInt32()));
    }

    [Fact]
    public async Task Each_subject_has_a_number_of_publications_and_is_then_told_when_to_come_back()
    {
        string[] tokens = [await MintAsync("""{"publish":["*"],"subject":"busy"}"""), await MintAsync("""{"publish":["a"],"subject":"busy","lifetimeSeconds":60}""")];
        for (var i = 0; i < PerMinute; i++)
        {
            using var published = await PostAsync("a", $"{i}", tokens[i % 2]);
            Assert.Equal(HttpStatusCode.Created, published.StatusCode);
        }

        using var answer = await PostAsync("a", "too much", tokens[0]);

        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        using var other = await PostAsync("a", "1", await MintAsync("""{"publish":["*"],"subject":"other"}"""));
        Assert.Equal(HttpStatusCode.Created, other.StatusCode);
        await host.PublishAsync("a", "the backend has no such limit");
    }

    [Fact]
    public async Task Idempotency_key_of_a_subject_is_never_that_of_another_or_of_the_backend()
    {
        var (own, other) = (await MintAsync("""{"publish":["*"],"subject":"a"}"""), await MintAsync("""{"publish":["*"],"subject":"b"}"""));

        using var first = await PostAsync("keyed", "1", own, "key");
        using var repeat = await PostAsync("keyed", "1", own, "key");
        using var foreign = await PostAsync("keyed", "2", other, "key");
        using var request = new HttpRequestMessage(HttpMethod.Post, "events/keyed") { Content = new StringContent("3") };
        request.Headers.Add("Idempotency-Key", "key");
        using var backend = await host.Client.SendAsync(request).WaitAsync(SseStream.Timeout);

        Assert.Equal(
            [HttpStatusCode.Created, HttpStatusCode.OK, HttpStatusCode.Created, HttpStatusCode.Created],
            new[] { first, repeat, foreign, backend }.Select(answer => answer.StatusCode));
    }

    [Theory]
    [InlineData("""{"publish":[]}""", "publish")]
    [InlineData("""{"publish":["a b"]}""", "publish[0]")]
    [InlineData("""{"publish":"a"}""", "publish")]
    [InlineData("""{"topics":["a"],"subject":""}""", "subject")]
    [InlineData("""{"topics":["a"],"subject":"two words"}""", "subject")]
    [InlineData("""{"topics":["a"],"subject":7}""", "subject")]
    public async Task Bad_request_for_a_token_names_the_member(string body, string field)
    {
        using var answer = await host.Client.PostAsync("tokens", new StringContent(body, Encoding.UTF8, "application/json")).WaitAsync(SseStream.Timeout);

        await AssertRefusedAsync(HttpStatusCode.BadRequest, field, answer);
    }

    [Fact]
    public async Task Token_with_the_most_and_longest_topics_of_both_kinds_and_subject_is_accepted()
    {
        var names = Enumerable.Range(10, 32).Select(i => $"\"{i}{new string('x', 62)}*\"").ToList();
        var body = $$"""{"topics":[{{string.Join(',', names[..16])}}],"publish":[{{string.Join(',', names[16..])}}],"subject":"{{new string('s', 128)}}"}""";

        using var published = await PostAsync($"26{new string('x', 62)}", "1", await MintAsync(body));
        using var tooMany = await host.Client.PostAsync("tokens", new StringContent($$"""{"topics":["a"],"publish":[{{string.Join(',', names)}}]}""", Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.Created, published.StatusCode);
        await AssertRefusedAsync(HttpStatusCode.BadRequest, "publish", tooMany);
    }

    private async Task<string> MintAsync(string body)
    {
        using var answer = await host.Client.PostAsync("tokens", new StringContent(body, Encoding.UTF8, "application/json")).WaitAsync(SseStream.Timeout);
        return (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString()!;
    }

    private async Task<HttpResponseMessage> PostAsync(string topic, string body, string token, string? idempotencyKey = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"topics/{topic}/events") { Content = new StringContent(body, Encoding.UTF8, "text/plain") };
        request.Headers.Authorization = new("Bearer", token);
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);

        return await host.Client.SendAsync(request).WaitAsync(SseStream.Timeout);
    }

    private static async Task AssertRefusedAsync(HttpStatusCode status, string field, HttpResponseMessage answer)
    {
        using (answer)
        {
            Assert.Equal(status, answer.StatusCode);
            Assert.Equal(field, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("field").GetString());
        }
    }
}
