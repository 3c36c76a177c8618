using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>POST events/{topic}?complete=true: the events and the topic's end in one transaction.</summary>
public sealed class CompletingPublishTests() : SharedHost("Access:SigningKey=0123456789abcdef0123456789abcdef", "Access:AnonymousTopics=*")
{
    [Theory]
    [InlineData("text/plain", "last", new[] { "last" })]
    [InlineData("application/x-ndjson", "{\"data\":1}\n{\"data\":2}", new[] { "1", "2" })]
    public async Task Publish_completes_the_topic_with_its_events(string contentType, string body, string[] expected)
    {
        var topic = TestStorage.NewTableName();
        await Host.PublishAsync(topic, "first");
        await using var stream = await Host.OpenAsync($"events/{topic}?from=start");
        await stream.ReadEventAsync();

        using var answer = await PublishAsync(topic, "?complete=true", body, contentType);

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal(expected, SseMessage.In(await stream.ReadToEndAsync()).Select(message => message.Data));
        var state = await Host.Client.GetFromJsonAsync<JsonElement>($"topics/{topic}");
        Assert.True(state.GetProperty("complete").GetBoolean());
        using var after = await PublishAsync(topic, "", body, contentType);
        Assert.Equal(HttpStatusCode.Conflict, after.StatusCode);
    }

    [Fact]
    public async Task Publish_answers_200_with_the_first_ids_when_it_is_repeated_under_its_key_and_422_without_the_completion()
    {
        using var first = await PublishAsync("keyed", "?complete=true", "a", key: "key");
        using var repeat = await PublishAsync("keyed", "?complete=true", "a", key: "key");
        using var other = await PublishAsync("keyed", "", "a", key: "key");

        Assert.Equal([HttpStatusCode.Created, HttpStatusCode.OK, HttpStatusCode.UnprocessableEntity], new[] { first, repeat, other }.Select(answer => answer.StatusCode));
        Assert.Equal(await first.Content.ReadAsStringAsync(), await repeat.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("?complete=false", HttpStatusCode.Created)]
    [InlineData("?complete=", HttpStatusCode.Created)]
    [InlineData("?complete=1", HttpStatusCode.BadRequest)]
    [InlineData("?complete=True", HttpStatusCode.BadRequest)]
    [InlineData("?complete=true&complete=false", HttpStatusCode.BadRequest)]
    public async Task Publish_takes_true_and_false_and_nothing_else(string query, HttpStatusCode expected)
    {
        var topic = TestStorage.NewTableName();
        using var answer = await PublishAsync(topic, query, "a");

        Assert.Equal(expected, answer.StatusCode);
        if (expected == HttpStatusCode.BadRequest)
            Assert.Equal("complete", (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("field").GetString());

        Assert.False((await Host.Client.GetFromJsonAsync<JsonElement>($"topics/{topic}")).GetProperty("complete").GetBoolean());
    }

    /// <summary>A browser's token is for events; the end is for all readers.</summary>
    [Fact]
    public async Task Publish_by_token_answers_400_and_writes_nothing_when_it_is_to_complete_the_topic()
    {
        using var minted = await Host.Client.PostAsJsonAsync("tokens", new { topics = (string[])["chat"], publish = (string[])["chat"] });
        var token = (await minted.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"topics/chat/events?complete=true&token={token}") { Content = new StringContent("a") };

        using var answer = await Host.Client.SendAsync(request).WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("complete", (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("field").GetString());
        Assert.Equal(0, (await Host.Client.GetFromJsonAsync<JsonElement>("topics/chat")).GetProperty("count").GetInt32());
    }

    private async Task<HttpResponseMessage> PublishAsync(string topic, string query, string body, string contentType = "text/plain", string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"events/{topic}{query}") { Content = new StringContent(body, Encoding.UTF8, contentType) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);

        return await Host.Client.SendAsync(request).WaitAsync(SseStream.Timeout);
    }
}
