using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using SseFunctions.EndToEnd.Hostile;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Streams;

public abstract class AnswerTests(Target target)
{
    public sealed class Direct(Target target) : AnswerTests(target), IClassFixture<Target>;

    public sealed class Proxied(ProxiedTarget target) : AnswerTests(target), IClassFixture<ProxiedTarget>;

    [Collection(WorkerTarget.Collection)]
    public sealed class Worker(WorkerTarget target) : AnswerTests(target);

    [Collection(WebAppTarget.Collection)]
    public sealed class WebApp(WebAppTarget target) : AnswerTests(target);

    private readonly string topic = TopicApi.NewTopic();

    public static TheoryData<string> BadRequestNames => [.. BadRequest.All.Keys];

    [Theory]
    [MemberData(nameof(BadRequestNames))]
    public async Task Answer_is_a_problem_that_names_the_field_and_nothing_is_published_when_the_request_is_bad(string badRequest)
    {
        var bad = BadRequest.All[badRequest];
        using var request = bad.For(topic);

        using var answer = await target.Client.SendAsync(request).WaitAsync(SseStream.Timeout);

        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(bad.Status == (int)answer.StatusCode, $"{(int)answer.StatusCode}: {text}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = JsonSerializer.Deserialize<JsonElement>(text);
        Assert.Equal(bad.Status, problem.GetProperty("status").GetInt32());
        Assert.NotEqual("", problem.GetProperty("title").GetString());
        Assert.NotEqual("", problem.GetProperty("detail").GetString());
        Assert.Equal(bad.Field, problem.GetProperty("field").GetString());
        Assert.Equal(bad.Limit, Number(problem, "limit"));
        Assert.Equal(bad.Size, Number(problem, "size"));
        Assert.Equal(0, (await target.Client.GetTopicAsync(topic)).GetProperty("count").GetInt64());
    }

    [Fact]
    public async Task Publish_answers_409_and_publishes_nothing_when_the_topic_is_complete()
    {
        await target.Client.PublishAsync(topic, "the only one");
        await target.Client.CompleteAsync(topic);

        using var answer = await target.Client.PostEventAsync(topic, "too late");

        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("topic", (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("field").GetString());
        Assert.Equal(1, (await target.Client.GetTopicAsync(topic)).GetProperty("count").GetInt64());
    }

    [Fact]
    public async Task Topic_tells_its_first_and_last_id_its_count_and_whether_it_is_complete()
    {
        var before = await target.Client.GetTopicAsync(topic);
        Assert.Equal(
            ["topic", "first", "last", "count", "complete"],
            before.EnumerateObject().Select(member => member.Name));
        Assert.Equal(topic, before.GetProperty("topic").GetString());
        Assert.Equal(JsonValueKind.Null, before.GetProperty("first").ValueKind);
        Assert.Equal(0, PublishedId.Parse(before.GetProperty("last").GetString()).Sequence);
        Assert.Equal(0, before.GetProperty("count").GetInt64());
        Assert.False(before.GetProperty("complete").GetBoolean());

        var ids = await target.Client.PublishAllAsync(topic, "a", "b", "c");
        await target.Client.CompleteAsync(topic);

        var after = await target.Client.GetTopicAsync(topic);
        Assert.Equal(ids[0], after.GetProperty("first").GetString());
        Assert.Equal(ids[2], after.GetProperty("last").GetString());
        Assert.Equal(3, after.GetProperty("count").GetInt64());
        Assert.True(after.GetProperty("complete").GetBoolean());
    }

    [Fact]
    public async Task Topics_last_id_begins_a_stream_that_misses_nothing_when_a_page_has_rendered_it()
    {
        var snapshot = await target.Client.GetTopicAsync(topic);
        var id = await target.Client.PublishAsync(topic, "between the snapshot and the stream");

        await using var stream = await SseStream.OpenAsync(target.Client, $"events/{topic}?lastEventId={snapshot.GetProperty("last").GetString()}");

        Assert.Equal(new SseMessage(id, "message", "between the snapshot and the stream"), await stream.ReadEventAsync());
    }

    [Fact]
    public async Task Health_says_that_the_table_can_be_reached_and_counts_the_open_streams()
    {
        await using var stream = await SseStream.OpenAsync(target.Client, $"events/{topic}");

        using var answer = await target.Client.GetAsync("health").WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
        Assert.True(answer.Headers.CacheControl?.NoStore);
        var health = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("reachable", health.GetProperty("storage").GetString());
        Assert.True(health.GetProperty("streams").GetInt32() >= 1, $"{health}");
    }

    private static long? Number(JsonElement problem, string member) =>
        problem.TryGetProperty(member, out var value) ? value.GetInt64() : null;
}
