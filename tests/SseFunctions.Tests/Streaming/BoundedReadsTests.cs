using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using SseFunctions.EventLog;
using SseFunctions.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

/// <summary>What clients ask of the table waits its turn, and is not asked for those who have left or are too many.</summary>
public sealed class BoundedReadsTests : IAsyncLifetime
{
    private readonly TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A read that is held for long comes again: the storage client tries it once more.</summary>
    private readonly ConcurrentQueue<string> held = [];

    private StorageProxy storage = null!;
    private TestHost host = null!;

    private TableReads Reads => host.Services.GetRequiredService<TopicFeedRegistry>().Reads;

    public async Task InitializeAsync()
    {
        storage = await StorageProxy.StartAsync();
        host = await TestHost.StartAsync(connectionString: storage.ConnectionString);
        await host.PublishAsync("a", "1");
        storage.Intercept = async call =>
        {
            if (call.Method == "GET" && !ChangeFeedTests.IsChangePoll(call) && !call.PathAndQuery.Contains("followed", StringComparison.Ordinal))
            {
                held.Enqueue(call.PathAndQuery);
                await release.Task;
            }

            await StorageProxy.PassOnAsync(call);
        };
    }

    public async Task DisposeAsync()
    {
        release.TrySetResult();
        await host.DisposeAsync();
        await storage.DisposeAsync();
    }

    [Fact]
    public async Task Questions_about_many_topics_wait_their_turn_and_heads_of_streams_do_not_wait_for_them()
    {
        const int Clients = 50;
        var asked = Enumerable.Range(0, Clients).Select(i => host.Client.GetAsync($"topics/name{i}")).ToList();
        await WaitUntilAsync(() => Reads.WaitingQuestions == (2 * Clients) - TableReads.MaxQuestions); // each asks for a head and a retention

        await using (var stream = await host.OpenAsync("events/followed?mode=poll"))
            Assert.Contains("that is all for now", (await stream.ReadToEndAsync())[^1], StringComparison.Ordinal);

        Assert.InRange(held.Distinct().Count(), 0, TableReads.MaxQuestions);
        release.SetResult();
        foreach (var answer in await Task.WhenAll(asked).WaitAsync(SseStream.Timeout))
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            answer.Dispose();
        }
    }

    [Fact]
    public async Task Questions_of_clients_that_have_left_are_not_asked()
    {
        const int Clients = 50;
        using var leave = new CancellationTokenSource();
        var asked = Enumerable.Range(0, Clients).Select(i => host.Client.GetAsync($"topics/name{i}", leave.Token)).ToList();
        await WaitUntilAsync(() => Reads.WaitingQuestions == (2 * Clients) - TableReads.MaxQuestions);

        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(asked));
        await WaitUntilAsync(() => Reads.WaitingQuestions == 0);
        release.SetResult();
        using var next = await host.Client.GetAsync("topics/next").WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
        Assert.InRange(held.Distinct().Count(), 0, TableReads.MaxQuestions + 2);
    }

    [Theory]
    [InlineData("events/a?since=")]
    [InlineData("events/a?mode=poll&since=")]
    [InlineData("topics/a/events?since=")]
    public async Task Search_for_a_time_ends_when_nobody_waits_for_it(string path)
    {
        const int Clients = TableReads.MaxSearches + 10;
        using var leave = new CancellationTokenSource();
        var asked = Enumerable.Range(1, Clients).Select(i => host.Client.GetAsync($"{path}{i}h", leave.Token)).ToList();
        await WaitUntilAsync(() => Reads.WaitingSearches == Clients - TableReads.MaxSearches);

        await leave.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(asked));
        await WaitUntilAsync(() => Reads.WaitingSearches == 0);
        var next = Enumerable.Range(0, TableReads.MaxSearches).Select(i => Reads.SinceAsync(Topic.Parse("other"), new Since(null, TimeSpan.FromDays(i)), CancellationToken.None)).ToList();
        await WaitUntilAsync(() => held.Count(read => read.Contains("other", StringComparison.Ordinal)) >= TableReads.MaxSearches); // those under way have ended as well
        release.SetResult();
        await Task.WhenAll(next).WaitAsync(SseStream.Timeout);
    }

    [Fact]
    public async Task Search_too_many_is_refused_and_its_client_comes_back_later()
    {
        var waiting = Enumerable.Range(0, TableReads.MaxSearches + TableReads.MaxWaitingSearches)
            .Select(i => Reads.SinceAsync(Topic.Parse("a"), new Since(null, TimeSpan.FromMinutes(i)), CancellationToken.None)).ToList();

        await using var stream = await host.OpenAsync("events/a?since=1h");
        await using var several = await host.OpenAsync("events?topic=a&topic=b&since=2h");
        using var page = await host.Client.GetAsync("topics/a/events?since=3h").WaitAsync(SseStream.Timeout);

        foreach (var refused in (SseStream[])[stream, several])
        {
            Assert.Equal(HttpStatusCode.OK, refused.Response.StatusCode);
            Assert.Matches(@"\Aretry: \d+\n: too many", (await refused.ReadToEndAsync())[^1]);
        }

        Assert.Equal(HttpStatusCode.ServiceUnavailable, page.StatusCode);
        Assert.Equal("application/problem+json", page.Content.Headers.ContentType?.MediaType);
        Assert.Equal(TimeSpan.FromSeconds(5), page.Headers.RetryAfter?.Delta);
        release.SetResult();
        await Task.WhenAll(waiting).WaitAsync(SseStream.Timeout);
    }

    private static async Task WaitUntilAsync(Func<bool> condition)
    {
        using var timeout = new CancellationTokenSource(SseStream.Timeout);
        while (!condition())
        {
            timeout.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
