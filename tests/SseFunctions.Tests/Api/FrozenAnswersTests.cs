using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.Streaming;
using SseFunctions.Tests.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>
/// Storage that answers late, again and again: what a request needs of it has one time as a whole, 20 s for a write and 5 s for a read.
/// A repeat finds what was done.
/// </summary>
public sealed class FrozenAnswersTests : IAsyncLifetime
{
    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);
    private StorageProxy proxy = null!;
    private TestHost host = null!;

    public async Task InitializeAsync()
    {
        proxy = await StorageProxy.StartAsync();
        var table = TestStorage.NewTableName();
        await using var publisher = await TestHost.StartAsync(table: table); // delays between tries do not end by themselves at the other
        await publisher.PublishAsync("a", "1", "2");
        host = await TestHost.StartAsync(time: time, connectionString: proxy.ConnectionString, table: table);
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await proxy.DisposeAsync();
    }

    [Theory]
    [InlineData("GET", "topics", 3, 2)]
    [InlineData("PUT", "topics/a", 16, 4)]
    [InlineData("DELETE", "topics/a", 16, 4)]
    [InlineData("POST", "topics/a/complete", 16, 4)]
    public async Task Request_is_answered_503_when_its_time_as_a_whole_is_over_and_a_repeat_is_answered(string method, string path, int first, int second)
    {
        var write = HeldCall.Next(proxy, call => IsMeant(call) && (method == "GET" ? call.IsQuery : call.Method != "GET"));
        var answering = SendAsync(method, path);
        await write.HeldAsync();
        time.Advance(TimeSpan.FromSeconds(first));
        var read = HeldCall.Next(proxy, call => IsMeant(call) && call.Method == "GET");
        write.Release();
        await read.HeldAsync();

        time.Advance(TimeSpan.FromSeconds(second) - TimeSpan.FromTicks(1));
        Assert.False(answering.IsCompleted);
        time.Advance(TimeSpan.FromTicks(1));

        using var answer = await answering.WaitAsync(SseStream.Timeout);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
        read.Release();
        using var repeat = await SendAsync(method, path).WaitAsync(SseStream.Timeout);
        Assert.True(repeat.IsSuccessStatusCode);
        using var state = await host.Client.GetAsync("topics/a").WaitAsync(SseStream.Timeout);
        var topic = await state.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(
            (method == "DELETE" ? 0 : 2, method == "POST", method == "PUT" ? 7 : null),
            (topic.GetProperty("count").GetInt32(), topic.GetProperty("complete").GetBoolean(), topic.TryGetProperty("maxEvents", out var max) ? max.GetInt32() : (int?)null));
    }

    /// <summary>Half of them have not even had their turn by then.</summary>
    [Fact]
    public async Task Questions_about_topics_are_answered_503_together_when_their_time_is_over()
    {
        const int Clients = 20;
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        proxy.Intercept = async call =>
        {
            await release.Task;
            await StorageProxy.PassOnAsync(call);
        };
        var reads = host.Services.GetRequiredService<TopicFeedRegistry>().Reads;
        var asked = Enumerable.Range(0, Clients).Select(i => SendAsync("GET", $"topics/name{i}")).ToList();
        using var timeout = new CancellationTokenSource(SseStream.Timeout);
        while (reads.WaitingQuestions < (2 * Clients) - TableReads.MaxQuestions)
        {
            timeout.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        time.Advance(TimeSpan.FromSeconds(5));

        foreach (var answer in await Task.WhenAll(asked).WaitAsync(SseStream.Timeout))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            answer.Dispose();
        }

        release.SetResult();
    }

    /// <summary>Not one of the change feed, whose time goes on as well.</summary>
    private static bool IsMeant(StorageCall call) => !Uri.UnescapeDataString(call.PathAndQuery).Contains("!changes", StringComparison.Ordinal);

    private Task<HttpResponseMessage> SendAsync(string method, string path) => host.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path)
    {
        Content = method == "PUT" ? new StringContent("""{"maxEvents":7}""", Encoding.UTF8, "application/json") : null,
    });
}
