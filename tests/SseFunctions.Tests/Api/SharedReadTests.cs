using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>However many ask, the table is read once: GET topics/{topic} in half a second, GET health in a second.</summary>
public sealed class SharedReadTests : IAsyncLifetime
{
    private const int Requests = 200;

    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);
    private StorageProxy storage = null!;
    private TestHost host = null!;

    public async Task InitializeAsync()
    {
        storage = await StorageProxy.StartAsync();
        await using var first = await TestHost.StartAsync();
        await first.PublishAsync("z", "makes the table, which takes more than a clock that stands still");
        host = await TestHost.StartAsync(time: time, connectionString: storage.ConnectionString, table: first.Table);
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await storage.DisposeAsync();
    }

    [Theory]
    [InlineData("topics/a", "PartitionKey='a'", 500)] // its head
    [InlineData("topics/a", "RowKey='a'", 10_000)] // its retention
    [InlineData("health", "!topics", 1000)]
    public async Task Table_is_read_once_an_interval_whoever_asks(string path, string partition, int milliseconds)
    {
        var (reads, answer) = (0, new TaskCompletionSource());
        storage.Intercept = async call =>
        {
            if (call.Method == "GET" && Uri.UnescapeDataString(call.PathAndQuery).Contains(partition, StringComparison.Ordinal))
            {
                Interlocked.Increment(ref reads);
                await answer.Task;
            }

            await StorageProxy.PassOnAsync(call);
        };

        var asked = Enumerable.Range(0, Requests).Select(_ => GetAsync(path)).ToList();
        answer.SetResult();
        await Task.WhenAll(asked);
        await Task.WhenAll(Enumerable.Range(0, Requests).Select(_ => GetAsync(path)));
        Assert.Equal(1, reads);

        time.Advance(TimeSpan.FromMilliseconds(milliseconds - 1));
        await GetAsync(path);
        Assert.Equal(1, reads);

        time.Advance(TimeSpan.FromMilliseconds(1));
        await GetAsync(path);
        await GetAsync(path);
        Assert.Equal(2, reads);
    }

    [Fact]
    public async Task Topic_shows_at_once_what_this_process_has_written()
    {
        Assert.Equal(0, await CountAsync());

        await host.PublishAsync("a", "1");
        Assert.Equal(1, await CountAsync());
        await host.PublishAsync("a", "2", "3");
        Assert.Equal(3, await CountAsync());

        async Task<int> CountAsync() => (await host.Client.GetFromJsonAsync<JsonElement>("topics/a")).GetProperty("count").GetInt32();
    }

    /// <summary>Nothing is kept of topics that nobody asks for any more.</summary>
    [Fact]
    public async Task Each_topic_is_read_for_itself()
    {
        await host.PublishAsync("b", "1");

        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(0, (await host.Client.GetFromJsonAsync<JsonElement>($"topics/a{i}")).GetProperty("count").GetInt32());
            Assert.Equal(1, (await host.Client.GetFromJsonAsync<JsonElement>("topics/b")).GetProperty("count").GetInt32());
            time.Advance(TimeSpan.FromMilliseconds(100 * i));
        }
    }

    [Fact]
    public async Task Health_says_503_when_the_table_fails_and_200_when_it_is_back()
    {
        storage.Intercept = call =>
        {
            call.Reply(403);
            return Task.CompletedTask;
        };
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync());

        storage.Intercept = null;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync());
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync());

        async Task<HttpStatusCode> StatusAsync()
        {
            using var answer = await host.Client.GetAsync("health").WaitAsync(SseStream.Timeout);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task Topic_answers_503_and_when_to_try_again_when_the_table_fails()
    {
        storage.Intercept = call =>
        {
            call.Reply(403);
            return Task.CompletedTask;
        };

        using var answer = await host.Client.GetAsync("topics/a").WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(5), answer.Headers.RetryAfter?.Delta);
    }

    private async Task GetAsync(string path)
    {
        using var answer = await host.Client.GetAsync(path).WaitAsync(SseStream.Timeout);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }
}
