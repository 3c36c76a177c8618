using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.Api;
using SseFunctions.EventLog;
using SseFunctions.Tests.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>GET topics, PUT and DELETE topics/{topic} where a test must see more than the answer, or another process takes part.</summary>
public sealed class TopicLifecycleEndpointTests
{
    [Fact]
    public async Task Put_sets_retention_that_the_sweep_applies_to_this_topic_alone()
    {
        await using var host = await TestHost.StartAsync();
        Assert.Equal("""{"topic":"early","first":null,"last":"0000-0","count":0,"complete":false,"maxAge":"1.00:00:00","maxEvents":2}""", await PutAsync(host, "early", """{"maxAge":"1.00:00:00","maxEvents":2}"""));
        foreach (var topic in (string[])["early", "late", "other"])
            await host.PublishAsync(topic, "1", "2", "3", "4");

        await PutAsync(host, "late", """{"maxEvents":1}""");
        await host.Services.GetRequiredService<RetentionSweep>().RunAsync(CancellationToken.None);

        Assert.Equal(["3", "4"], await ReadAsync(host, "early"));
        Assert.Equal(["4"], await ReadAsync(host, "late"));
        Assert.Equal(["1", "2", "3", "4"], await ReadAsync(host, "other"));
    }

    /// <summary>The table's clock says that two days have passed.</summary>
    [Theory]
    [InlineData("""{"maxAge":"3.00:00:00"}""", 1)]
    [InlineData("""{"maxAge":"1.23:59:59"}""", 0)]
    [InlineData("""{"maxAge":null}""", 0)]
    [InlineData("{}", 0)]
    public async Task Put_sets_the_age_that_the_sweep_goes_by(string retention, int retained)
    {
        await using var storage = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync(connectionString: storage.ConnectionString);
        await PutAsync(host, "a", """{"maxAge":"5.00:00:00"}""");
        await PutAsync(host, "a", retention);
        await host.PublishAsync("a", "1");
        storage.Intercept = async call =>
        {
            using var answer = await call.ForwardAsync();
            answer.Headers.Date += TimeSpan.FromDays(2);
            await call.ReplyAsync(answer);
        };

        await host.Services.GetRequiredService<RetentionSweep>().RunAsync(CancellationToken.None);

        Assert.Equal(retained, (await ReadAsync(host, "a")).Count);
    }

    [Fact]
    public async Task Topic_shows_at_once_the_retention_and_the_deletion_of_this_process()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var first = await TestHost.StartAsync();
        await first.PublishAsync("a", "makes the table, which takes more than a clock that stands still");
        await using var host = await TestHost.StartAsync(time: time, table: first.Table);
        Assert.Equal((1, null), await CountsAsync(host, "a"));

        await PutAsync(host, "a", """{"maxEvents":7}""");
        Assert.Equal((1, 7), await CountsAsync(host, "a"));

        await DeleteAsync(host, "a");
        Assert.Equal("""{"topic":"a","first":null,"last":"0000-0","count":0,"complete":false}""", await host.Client.GetStringAsync("topics/a"));
    }

    /// <summary>Nothing shows a log whose rows are going: neither its end, which would be a 204, nor a count.</summary>
    [Fact]
    public async Task Topic_is_gone_for_readers_as_soon_as_its_deletion_begins()
    {
        await using var storage = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync(connectionString: storage.ConnectionString);
        await using var other = await TestHost.StartAsync(table: host.Table);
        var ids = await host.PublishAsync("a", "1", "2");
        storage.Intercept = Faults.OnTransactions(Faults.Refuse(403));

        using var answer = await host.Client.DeleteAsync("topics/a").WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal((0, null), await CountsAsync(other, "a"));
        Assert.Equal("""{"topics":[],"next":null}""", await other.Client.GetStringAsync("topics"));
        await using var stream = await other.OpenAsync("events/a", ids[1]);
        Assert.Equal(HttpStatusCode.OK, stream.Response.StatusCode);
        Assert.Equal("deleted", await ReasonAsync(stream));

        storage.Intercept = null; // a repeat finishes it
        await DeleteAsync(host, "a");
        Assert.Empty(await (await TableOfAsync(host)).RowKeysAsync("a"));
    }

    [Fact]
    public async Task Delete_tells_and_ends_the_streams_of_another_process()
    {
        await using var host = await TestHost.StartAsync(["Stream:PollInterval=00:00:00.050"]);
        await using var other = await TestHost.StartAsync(table: host.Table);
        var ids = await host.PublishAsync("a", "1");
        await using var stream = await host.OpenAsync("events/a?from=start");
        Assert.Equal(ids[0], (await stream.ReadEventAsync())!.Id);

        await DeleteAsync(other, "a");

        Assert.Equal("deleted", await ReasonAsync(stream));
        Assert.Contains("deleted", Assert.Single(await stream.ReadToEndAsync()), StringComparison.Ordinal);
    }

    /// <summary>Else the client would keep an id that says nothing of it, and get the same report on every connection.</summary>
    [Theory]
    [InlineData("?topic=a&topic=b")]
    [InlineData("?topic=b&topic=c")]
    public async Task Client_of_several_topics_is_told_once_that_one_was_deleted_and_goes_on_with_the_others(string topics)
    {
        await using var host = await TestHost.StartAsync();
        foreach (var topic in (string[])["a", "b", "c"])
            await host.PublishAsync(topic, "1");

        await using var before = await host.OpenAsync("events" + topics + "&mode=poll&from=start");
        var last = (await before.ReadEventsAsync(2))[1].Id;
        await DeleteAsync(host, "b");
        await using var again = await host.OpenAsync("events" + topics, last);
        var reset = await again.ReadEventAsync();
        Assert.Equal("sse.reset", reset!.Type);
        Assert.Null(await again.ReadEventAsync());
        await host.PublishAsync("b", "anew");

        await using var after = await host.OpenAsync("events" + topics + "&mode=poll", reset.Id);

        Assert.Equal("anew", (await after.ReadEventAsync())!.Data);
        Assert.Null(await after.ReadEventAsync());
    }

    [Fact]
    public async Task List_is_answered_503_with_retry_after_when_storage_is_down()
    {
        await using var storage = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync(connectionString: storage.ConnectionString);
        storage.Intercept = Faults.Refuse(403);

        using var answer = await host.Client.GetAsync("topics").WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    private static async Task<LogTable> TableOfAsync(TestHost host) => new(await TestStorage.ConnectionStringAsync(), host.Table);

    private static async Task<string> PutAsync(TestHost host, string topic, string retention)
    {
        using var body = new StringContent(retention, Encoding.UTF8, "application/json");
        using var answer = await host.Client.PutAsync($"topics/{topic}", body).WaitAsync(SseStream.Timeout);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsStringAsync();
    }

    private static async Task DeleteAsync(TestHost host, string topic)
    {
        using var answer = await host.Client.DeleteAsync($"topics/{topic}").WaitAsync(SseStream.Timeout);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    private static async Task<List<string>> ReadAsync(TestHost host, string topic)
    {
        await using var stream = await host.OpenAsync($"events/{topic}?from=start&mode=poll");
        return [.. SseMessage.In(await stream.ReadToEndAsync()).Select(message => message.Data)];
    }

    private static async Task<(int Count, int? MaxEvents)> CountsAsync(TestHost host, string topic)
    {
        var state = await host.Client.GetFromJsonAsync<JsonElement>($"topics/{topic}").WaitAsync(SseStream.Timeout);
        return (state.GetProperty("count").GetInt32(), state.TryGetProperty("maxEvents", out var maxEvents) ? maxEvents.GetInt32() : null);
    }

    private static async Task<string?> ReasonAsync(SseStream stream)
    {
        var reset = await stream.ReadEventAsync();
        Assert.Equal("sse.reset", reset?.Type);
        return JsonSerializer.Deserialize<JsonElement>(reset!.Data).GetProperty("reason").GetString();
    }
}
