using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.EventLog;
using SseFunctions.Streaming;
using SseFunctions.Tests.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

/// <summary>Table reads grow with topics and processes, not with clients (promise 4).</summary>
public class StorageCostTests
{
    /// <summary>More than one load brings.</summary>
    private const int Events = 300;

    [Fact]
    public async Task Replay_costs_the_table_the_same_for_one_client_and_for_a_hundred()
    {
        var table = await PublishedAsync(Events / 60, 60);

        var one = await ReadsForAsync(clients: 1, table);
        var hundred = await ReadsForAsync(clients: 100, table);

        Assert.Equal(one, hundred);
    }

    [Fact]
    public async Task Later_clients_are_served_from_memory()
    {
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await StartAsync(proxy);
        var ids = await host.PublishAsync("a", [.. Enumerable.Range(0, 100).Select(i => $"{i}")]);
        await using var first = await host.OpenAsync("events/a?from=start");
        await first.ReadEventsAsync(ids.Count);
        var reads = CountReads(proxy);

        for (var i = 0; i < 20; i++)
        {
            await using var later = await host.OpenAsync("events/a", ids[i]);
            await later.ReadEventsAsync(ids.Count - i - 1);
        }

        Assert.Equal(0, reads());
    }

    [Fact]
    public async Task Event_published_here_reaches_the_streams_here_without_a_read()
    {
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await StartAsync(proxy);
        await host.PublishAsync("a", "0");
        await using var stream = await host.OpenLiveAsync("events/a");
        var reads = CountReads(proxy);

        var ids = await host.PublishAsync("a", [.. Enumerable.Range(1, 100).Select(i => $"{i}")]);

        Assert.Equal(ids, (await stream.ReadEventsAsync(ids.Count)).Select(message => message.Id));
        Assert.Equal(0, reads());
    }

    [Fact]
    public async Task Polling_clients_cost_the_table_what_one_costs()
    {
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await StartAsync(proxy);
        var ids = await host.PublishAsync("a", "1", "2");
        await PollAsync(host, ids[0]);
        var reads = CountReads(proxy);

        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => PollAsync(host, ids[0])));

        Assert.Equal(0, reads());

        static async Task PollAsync(TestHost host, string lastEventId)
        {
            await using var poll = await host.OpenAsync("events/a?mode=poll", lastEventId);
            Assert.Equal("2", (await poll.ReadEventAsync())!.Data);
        }
    }

    [Fact]
    public async Task Names_asked_for_at_random_keep_no_more_than_a_hundred_feeds_warm()
    {
        await using var host = await StartAsync();
        await using var stays = await host.OpenLiveAsync("events/stays");
        for (var i = 0; i < 150; i++)
        {
            await using var poll = await host.OpenAsync($"events/random{i}?mode=poll");
            await poll.ReadToEndAsync();
        }

        await host.PublishAsync("stays", "1");

        while (host.Services.GetRequiredService<OpenStreams>().Count > 1)
            await Task.Yield(); // the last poll may still be leaving

        Assert.InRange(host.Services.GetRequiredService<TopicFeedRegistry>().Count, 1, 101);
        Assert.Equal("1", (await stays.ReadEventAsync())!.Data);
    }

    /// <summary>A client that has far to go reads on while the table answers, and each row is read once.</summary>
    [Fact]
    public async Task Catching_up_a_long_way_takes_a_request_a_thousand_events()
    {
        var transactions = Thoroughness.Choose(brief: 25, full: 50);
        var table = await PublishedAsync(transactions, 98);
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await StartAsync(proxy, table);
        var reads = CountReads(proxy);
        await using var stream = await host.OpenAsync("events/a?from=start");
        var events = await stream.ReadEventsAsync(transactions * 98);

        Assert.Equal(Enumerable.Range(0, transactions * 98).Select(n => $"{n}"), events.Select(message => message.Data));
        Assert.InRange(reads(), 1, Thoroughness.Choose(brief: 6, full: 8)); // the head, 256 rows at first, three or five times up to a thousand; and a second read of the head, perhaps
    }

    /// <summary>A stream that is live holds the newest event of a block, and a client begins far before it.</summary>
    [Fact]
    public async Task Load_is_bounded_when_events_are_large_and_the_newest_is_in_memory()
    {
        var table = TestStorage.NewTableName();
        var log = new LogTable(await TestStorage.ConnectionStringAsync(), table).Log();
        for (var i = 0; i < 8; i++)
            await log.AppendAsync(Topic.Parse("a"), [.. Enumerable.Repeat(new NewEvent(null, new byte[60_000]), 40)], null, CancellationToken.None);

        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await StartAsync(proxy, table);
        await using var live = await host.OpenLiveAsync("events/a");
        await host.PublishAsync("a", "the newest");
        await live.ReadEventAsync();
        var largest = 0L;
        proxy.Intercept = async call =>
        {
            using var answer = await call.ForwardAsync();
            largest = Math.Max(largest, answer.Content.Headers.ContentLength ?? 0);
            await call.ReplyAsync(answer);
        };

        await using var late = await host.OpenAsync("events/a?from=start");
        var events = await late.ReadEventsAsync(321);

        Assert.Equal("the newest", events[^1].Data);
        Assert.InRange(largest, 1, 256 * 81_000); // the first load, before it is known how large the events are, in base64
    }

    /// <returns>The table with the events, from 0 on.</returns>
    private static async Task<string> PublishedAsync(int transactions, int eventsOfEach)
    {
        var table = TestStorage.NewTableName();
        var log = new LogTable(await TestStorage.ConnectionStringAsync(), table).Log();
        for (var i = 0; i < transactions; i++)
            await log.AppendAsync(Topic.Parse("a"), [.. Enumerable.Range(i * eventsOfEach, eventsOfEach).Select(n => new NewEvent(null, Encoding.UTF8.GetBytes($"{n}")))], null, CancellationToken.None);

        return table;
    }

    private static async Task<int> ReadsForAsync(int clients, string table)
    {
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await StartAsync(proxy, table);
        var reads = CountReads(proxy);
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            await using var stream = await host.OpenAsync("events/a?from=start");
            await stream.ReadEventsAsync(Events);
        }));
        return reads();
    }

    /// <summary>
    /// Time stands still there: no look at a head is among the reads that are counted. Nor is a flush interval ever over, so there
    /// is none, and nothing is tried again, so the table is there.
    /// </summary>
    private static async Task<TestHost> StartAsync(StorageProxy? proxy = null, string? table = null)
    {
        table ??= TestStorage.NewTableName();
        await new LogTable(await TestStorage.ConnectionStringAsync(), table).Client().CreateIfNotExistsAsync();
        return await TestHost.StartAsync(["Stream:FlushInterval=00:00:00"], new FakeTimeProvider(DateTimeOffset.UtcNow), proxy?.ConnectionString, table);
    }

    /// <summary>From now on, without the one poll of the change feed, which may still be under way.</summary>
    private static Func<int> CountReads(StorageProxy proxy)
    {
        var reads = 0;
        proxy.Intercept = call =>
        {
            if (call.Method == "GET" && !ChangeFeedTests.IsChangePoll(call))
                Interlocked.Increment(ref reads);

            return StorageProxy.PassOnAsync(call);
        };
        return () => Volatile.Read(ref reads);
    }
}
