using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Topics;

/// <summary>Listing topics, retention of their own, and their deletion, as clients see it.</summary>
public abstract class TopicLifecycleTests(Target target)
{
    public sealed class Direct(Target target) : TopicLifecycleTests(target), IClassFixture<Target>;

    public sealed class Proxied(ProxiedTarget target) : TopicLifecycleTests(target), IClassFixture<ProxiedTarget>;

    [Collection(WorkerTarget.Collection)]
    public sealed class Worker(WorkerTarget target) : TopicLifecycleTests(target);

    [Collection(WebAppTarget.Collection)]
    public sealed class WebApp(WebAppTarget target) : TopicLifecycleTests(target);

    /// <summary>What a client has that has seen no event of any log.</summary>
    private const string Start = "0000-0";

    private readonly string topic = TopicApi.NewTopic();

    [Fact]
    public async Task List_gives_the_topics_with_a_prefix_page_by_page_in_the_order_of_their_names()
    {
        foreach (var name in (string[])["c", "a", "B", "b"])
            await target.Client.PublishAllAsync($"{topic}.{name}", "1", "2");

        await target.Client.CompleteAsync($"{topic}.b");
        using var set = await PutAsync($"{topic}.c", """{"maxAge":"2.00:00:00"}""");
        using var unused = await PutAsync($"{topic}.unused", """{"maxEvents":1}""");

        var (topics, pages) = (new List<JsonElement>(), 0);
        for (string? next = ""; next is not null; pages++)
        {
            var page = await target.Client.GetFromJsonAsync<JsonElement>($"topics?prefix={topic}.&limit=2&after={next}").WaitAsync(SseStream.Timeout);
            Assert.Equal(["topics", "next"], page.EnumerateObject().Select(member => member.Name));
            Assert.InRange(page.GetProperty("topics").GetArrayLength(), 0, 2);
            topics.AddRange(page.GetProperty("topics").EnumerateArray());
            next = page.GetProperty("next").GetString();
        }

        Assert.Equal(3, pages); // the topic without events takes a place as well
        Assert.Equal([$"{topic}.B", $"{topic}.a", $"{topic}.b", $"{topic}.c"], topics.Select(listed => listed.GetProperty("topic").GetString()));
        Assert.All(topics, listed => Assert.Equal(2, listed.GetProperty("count").GetInt32()));
        Assert.All(topics, listed => Assert.Equal(2, PublishedId.Parse(listed.GetProperty("last").GetString()).Sequence));
        Assert.Equal([false, false, true, false], topics.Select(listed => listed.GetProperty("complete").GetBoolean()));
        Assert.Equal("2.00:00:00", topics[3].GetProperty("maxAge").GetString());
        Assert.False(topics[0].TryGetProperty("maxAge", out _));
    }

    [Theory]
    [InlineData("""{"maxAge":"1.00:00:00","maxEvents":1000}""", "1.00:00:00", 1000L)]
    [InlineData("""{"maxAge":"00:01:00"}""", "00:01:00", null)]
    [InlineData("""{"maxAge":null,"maxEvents":2821109907455}""", null, 2_821_109_907_455)]
    [InlineData("{}", null, null)]
    public async Task Put_replaces_the_retention_and_the_topic_shows_it(string retention, string? maxAge, long? maxEvents)
    {
        using var before = await PutAsync(topic, """{"maxAge":"3.00:00:00","maxEvents":5}""");

        using var answer = await PutAsync(topic, retention);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        AssertRetention(await answer.Content.ReadFromJsonAsync<JsonElement>());
        AssertRetention(await target.Client.GetTopicAsync(topic));

        void AssertRetention(JsonElement state)
        {
            Assert.Equal(maxAge, state.TryGetProperty("maxAge", out var age) ? age.GetString() : null);
            Assert.Equal(maxEvents, state.TryGetProperty("maxEvents", out var events) ? events.GetInt64() : null);
        }
    }

    /// <summary>An EventSource hears the reason as an event, comes back by itself, and gets what is published from then on.</summary>
    [Fact]
    public async Task Delete_tells_the_stream_and_ends_it_and_what_is_published_afterwards_is_a_new_log()
    {
        var old = await target.Client.PublishAllAsync(topic, "1", "2");
        await using var stream = await SseStream.OpenAsync(target.Client, $"events/{topic}?from=start");
        await stream.ReadEventsAsync(2);

        await DeleteAsync();

        await AssertResetAsync(stream, "deleted", Start);
        Assert.Matches(@"\Aretry: [1-9][0-9]*\n: .*deleted", Assert.Single(await stream.ReadToEndAsync()));
        await using var back = await SseStream.OpenAsync(target.Client, $"events/{topic}", Start);
        Assert.Equal(HttpStatusCode.OK, back.Response.StatusCode);
        var id = await target.Client.PublishAsync(topic, "anew");
        Assert.Equal(new SseMessage(id, "message", "anew"), await back.ReadEventAsync()); // and no second reset
        Assert.Equal(1, PublishedId.Parse(id).Sequence);
        Assert.NotEqual(PublishedId.Parse(old[0]).Epoch, PublishedId.Parse(id).Epoch);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Client_that_comes_back_after_the_deletion_with_its_old_id_is_told(bool isWrittenAnew)
    {
        var old = await target.Client.PublishAllAsync(topic, "1", "2");
        await target.Client.CompleteAsync(topic); // else 204, which ends an EventSource
        await DeleteAsync();
        var anew = isWrittenAnew ? await target.Client.PublishAsync(topic, "anew") : null;

        await using var stream = await SseStream.OpenAsync(target.Client, $"events/{topic}", old[1]);

        Assert.Equal(HttpStatusCode.OK, stream.Response.StatusCode);
        if (anew is null)
        {
            await AssertResetAsync(stream, "deleted", Start);
            Assert.Single(await stream.ReadToEndAsync());
        }
        else
        {
            await AssertResetAsync(stream, "epoch", $"{PublishedId.Parse(anew) with { Sequence = 0 }}");
            Assert.Equal(new SseMessage(anew, "message", "anew"), await stream.ReadEventAsync());
        }
    }

    [Fact]
    public async Task Delete_removes_the_topic_from_the_list_with_its_retention_and_answers_the_same_when_repeated()
    {
        await target.Client.PublishAsync(topic, "1");
        using var set = await PutAsync(topic, """{"maxEvents":5}""");

        await DeleteAsync();
        await DeleteAsync();

        var page = await target.Client.GetFromJsonAsync<JsonElement>($"topics?prefix={topic}").WaitAsync(SseStream.Timeout);
        Assert.Equal(0, page.GetProperty("topics").GetArrayLength());
        Assert.False((await target.Client.GetTopicAsync(topic)).TryGetProperty("maxEvents", out _));
    }

    /// <summary>Whatever the order: an event that was acknowledged is in the log that it was acknowledged for, or that log is gone.</summary>
    [Fact]
    public async Task Delete_while_a_publisher_writes_leaves_whole_logs_only()
    {
        const int Deletions = 5;
        var (acknowledged, isOver) = (new List<string>(), false);
        var publishing = Task.Run(async () =>
        {
            while (!Volatile.Read(ref isOver))
            {
                using var answer = await target.Client.PostEventAsync(topic, "x");
                Assert.Contains(answer.StatusCode, (HttpStatusCode[])[HttpStatusCode.Created, HttpStatusCode.Conflict]);
                if (answer.StatusCode == HttpStatusCode.Created)
                    acknowledged.Add((await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("ids")[0].GetString()!);
            }
        });
        for (var i = 0; i < Deletions; i++)
            await DeleteAsync();

        Volatile.Write(ref isOver, true);
        await publishing.WaitAsync(SseStream.Timeout);
        acknowledged.Add(await target.Client.PublishAsync(topic, "last"));

        foreach (var log in acknowledged.GroupBy(id => PublishedId.Parse(id).Epoch))
        {
            Assert.Equal(1, PublishedId.Parse(log.First()).Sequence);
            PublishedId.AssertConsecutive(log);
        }

        var final = PublishedId.Parse(acknowledged[^1]).Epoch;
        var frames = await SseStream.PollAsync(target.Client, $"events/{topic}?from=start&mode=poll");
        var read = SseMessage.In(frames).Select(message => message.Id);
        Assert.Equal(acknowledged.Where(id => PublishedId.Parse(id).Epoch == final), read);
    }

    private Task<HttpResponseMessage> PutAsync(string name, string retention) => target.Client.SendUntilAvailableAsync(
        () => new(HttpMethod.Put, $"topics/{name}") { Content = new StringContent(retention, Encoding.UTF8, "application/json") });

    private Task DeleteAsync() => target.Client.DeleteTopicAsync(topic);

    private async Task AssertResetAsync(SseStream stream, string reason, string resumeFrom)
    {
        var reset = await stream.ReadEventAsync();
        Assert.Equal(("sse.reset", resumeFrom), (reset?.Type, reset?.Id));
        var gap = JsonSerializer.Deserialize<JsonElement>(reset!.Data);
        Assert.Equal((topic, reason, resumeFrom), (gap.GetProperty("topic").GetString(), gap.GetProperty("reason").GetString(), gap.GetProperty("resumeFrom").GetString()));
        Assert.Equal(JsonValueKind.Null, gap.GetProperty("lost").ValueKind);
    }
}
