using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using SseFunctions.EventLog;
using SseFunctions.Streaming;
using SseFunctions.Tests.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

/// <summary>What streams cost the table while nothing is published, counted over a minute or, of one topic, over a part of it (promise 4).</summary>
public sealed class QuietTopicsTests
{
    private const int Seconds = 60;
    private static readonly TimeSpan PollInterval = new StreamOptions().PollInterval;

    /// <summary>Less than what two pauses between polls differ by, so that as many polls come as when time flows.</summary>
    private static readonly TimeSpan Step = PollInterval * ChangeFeedReader.Spread / 2;

    /// <summary>Ten polls a second for all of them, and a look at each once a minute.</summary>
    [Fact]
    public async Task Thousand_quiet_topics_take_at_most_thirty_requests_a_second()
    {
        const int Topics = 1_000;
        await using var proxy = await StorageProxy.StartAsync();
        var time = new PollTimes(PollInterval);
        await using var publisher = await TestHost.StartAsync();
        await publisher.PublishAsync("t0", "1");
        await using var host = await TestHost.StartAsync(time: time, connectionString: proxy.ConnectionString, table: publisher.Table);
        using var feeds = new TopicFeedRegistry(
            host.Services.GetRequiredService<TableEventLog>(), host.Services.GetRequiredService<ChangeFeedReader>(), new StreamOptions(), time, NullLogger<TopicFeed>.Instance);
        var answers = new List<Task>();
        for (var i = 0; i < Topics; i++)
        {
            Assert.True(feeds.TryJoin(Topic.Parse($"t{i}"), new WokenReader(), out var feed, out _));
            answers.Add(feed.FirstAnswer);
        }

        await Task.WhenAll(answers).WaitAsync(SseStream.LongTimeout);
        var requests = await CountAsync(proxy, time, Seconds);

        Assert.InRange(requests, Topics, 30 * Seconds);
    }

    [Fact]
    public async Task One_topic_takes_at_most_twelve_requests_a_second_whether_it_has_one_client_or_a_thousand()
    {
        var seconds = Thoroughness.Choose(brief: 10, full: Seconds);
        var one = await CountAsync(clients: 1, seconds);
        var many = await CountAsync(clients: Thoroughness.Choose(brief: 100, full: 1_000), seconds);

        Assert.InRange(one, 2 * seconds, 12 * seconds);
        Assert.InRange(many, 0.8 * one, 1.2 * one); // polls come at random moments, up to a tenth of the interval apart
    }

    private static async Task<int> CountAsync(int clients, int seconds)
    {
        await using var proxy = await StorageProxy.StartAsync();
        var time = new PollTimes(PollInterval);
        await using var publisher = await TestHost.StartAsync();
        await publisher.PublishAsync("a", "1");
        await using var host = await TestHost.StartAsync(["Stream:Lifetime=00:03:45"], time, proxy.ConnectionString, publisher.Table);
        var streams = await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => host.OpenLiveAsync("events/a")));
        try
        {
            return await CountAsync(proxy, time, seconds);
        }
        finally
        {
            foreach (var stream in streams)
                await stream.DisposeAsync();
        }
    }

    /// <summary>The requests of so many seconds. None of them is cut off by its timeout: no time passes while a request is under way.</summary>
    private static async Task<int> CountAsync(StorageProxy proxy, PollTimes time, int seconds)
    {
        var (begun, ended) = (0, 0);
        var changed = new SemaphoreSlim(0);
        time.PauseBegins = () => changed.Release();
        proxy.Intercept = async call =>
        {
            Interlocked.Increment(ref begun);
            try
            {
                await StorageProxy.PassOnAsync(call);
            }
            finally
            {
                Interlocked.Increment(ref ended);
                changed.Release();
            }
        };
        for (var passed = TimeSpan.Zero; passed < TimeSpan.FromSeconds(seconds); passed += Step)
        {
            while (!time.IsPause || Volatile.Read(ref begun) != Volatile.Read(ref ended))
                Assert.True(await changed.WaitAsync(SseStream.LongTimeout), $"Neither a pause has begun nor a request ended; {begun} had begun, {ended} ended.");

            time.Advance(Step);
        }

        return Volatile.Read(ref begun);
    }
}
