using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

/// <summary>GET events/{topic}?active=true: a stream of what goes on, from its beginning, and 204 where nothing does.</summary>
public sealed class ActiveTests() : SharedHost
{
    [Fact]
    public async Task Stream_begins_with_the_first_event_and_goes_on_when_the_topic_is_not_complete()
    {
        await Host.PublishAsync("going", "a", "b");

        await using var stream = await Host.OpenAsync("events/going?active=true");

        Assert.Equal(["a", "b"], (await stream.ReadEventsAsync(2)).Select(message => message.Data));
        await Host.PublishAsync("going", "c");
        Assert.Equal("c", (await stream.ReadEventAsync())!.Data);
    }

    [Fact]
    public async Task Stream_begins_where_the_query_says_when_it_says_so()
    {
        await Host.PublishAsync("newest", "a", "b");

        await using var stream = await Host.OpenAsync("events/newest?active=true&last=1");

        Assert.Equal("b", (await stream.ReadEventAsync())!.Data);
    }

    [Theory]
    [InlineData("GET", "events/over?active=true")]
    [InlineData("HEAD", "events/over?active=true")]
    [InlineData("GET", "events/over?active=true&from=start&mode=poll")]
    [InlineData("GET", "events/never?active=true")]
    [InlineData("GET", "events/gone?active=true")]
    [InlineData("GET", "events?topic=over&topic=never&active=true")]
    public async Task Answer_is_204_when_the_topic_is_complete_unknown_or_deleted(string method, string path)
    {
        await Host.PublishAsync("over", "a");
        await Host.PublishAsync("gone", "a");
        using var end = await Host.Client.PostAsync("topics/over/complete", null);
        using var deleted = await Host.Client.DeleteAsync("topics/gone");

        using var answer = await Host.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path)).WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    [Fact]
    public async Task Stream_of_several_topics_goes_on_when_one_of_them_does()
    {
        await Host.PublishAsync("several-on", "a");

        await using var stream = await Host.OpenAsync("events?topic=several-never&topic=several-on&active=true");

        Assert.Equal("a", (await stream.ReadEventAsync())!.Data);
    }

    /// <summary>An EventSource asks with the same URL when it reconnects: what came while it was away is not to be lost with the 204.</summary>
    [Fact]
    public async Task Client_that_brings_an_id_gets_the_rest_of_a_complete_topic_and_then_204()
    {
        var ids = await Host.PublishAsync("rest", "a", "b");
        using var end = await Host.Client.PostAsync("topics/rest/complete", null);

        await using var stream = await Host.OpenAsync("events/rest?active=true", ids[0]);
        Assert.Equal("b", (await stream.ReadEventAsync())!.Data);
        Assert.Null(await stream.ReadEventAsync());
        await using var over = await Host.OpenAsync("events/rest?active=true", ids[1]); // the head is known by now: its answer waits no longer than 200 ms for it

        Assert.Equal(HttpStatusCode.NoContent, over.Response.StatusCode);
    }

    /// <summary>What this process knows of the topic is older than the topic.</summary>
    [Fact]
    public async Task Stream_goes_on_when_another_process_has_only_just_begun_the_topic()
    {
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync(table: Host.Table, connectionString: proxy.ConnectionString);
        await using var waiting = await host.OpenAsync("events/begun?from=start");
        await waiting.ReadFrameAsync();
        proxy.Intercept = call => ChangeFeedTests.IsChangePoll(call) ? Faults.Refuse(503)(call) : StorageProxy.PassOnAsync(call); // no hints
        await Host.PublishAsync("begun", "a");

        await using var stream = await host.OpenAsync("events/begun?active=true");

        Assert.Equal(HttpStatusCode.OK, stream.Response.StatusCode);
        proxy.Intercept = null;
        Assert.Equal("a", (await stream.ReadEventAsync())!.Data);
    }

    /// <summary>A passing condition must not end an EventSource for good.</summary>
    [Fact]
    public async Task Answer_is_200_when_storage_cannot_say_whether_the_topic_goes_on()
    {
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync(table: Host.Table, connectionString: proxy.ConnectionString);
        proxy.Intercept = Faults.Refuse(503);

        await using var stream = await host.OpenAsync("events/whatever?active=true");

        Assert.Equal(HttpStatusCode.OK, stream.Response.StatusCode);
        Assert.Contains("storage cannot be reached", string.Join('\n', await stream.ReadToEndAsync()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("active=1")]
    [InlineData("active=true&active=false")]
    public async Task Answer_is_400_when_active_is_neither_true_nor_false(string query)
    {
        using var answer = await Host.Client.GetAsync($"events/a?{query}");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("active", (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("field").GetString());
    }
}
