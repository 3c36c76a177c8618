using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Azure.Data.Tables;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.EventLog;
using SseFunctions.Streaming;
using SseFunctions.Tests.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

/// <summary>What clients can make this process do at a time has a bound, however many topics they ask for.</summary>
public class BoundedFeedsTests
{
    private const string Marker = "/marker";

    [Fact]
    public async Task Streams_of_further_topics_come_back_later_and_those_of_followed_ones_notice_nothing()
    {
        await using var host = await TestHost.StartAsync(["Stream:MaxTopics=2"]);
        await using var a = await host.OpenLiveAsync("events/a");
        var b = await host.OpenAsync("events/b");
        await b.ReadFrameAsync();

        await using var further = await host.OpenAsync("events?topic=a&topic=c", "abc123-1.abc123-1");
        var frames = await further.ReadToEndAsync();
        await using var followed = await host.OpenAsync("events/a?from=start");
        await host.PublishAsync("a", "1");

        Assert.Equal(System.Net.HttpStatusCode.OK, further.Response.StatusCode);
        Assert.Equal(2, frames.Count);
        Assert.Matches(@"\Aretry: \d+\n: too many", frames[^1]);
        Assert.Equal("1", (await a.ReadEventAsync())!.Data);
        Assert.Equal("1", (await followed.ReadEventAsync())!.Data);

        await b.DisposeAsync(); // its feed, though warm, gives way
        while (await OpenAndReadAsync(host, "events/c?mode=poll") is not "that is all for now")
        {
            // The host learns a moment later that the client of b has left.
        }
    }

    [Fact]
    public async Task Heads_are_read_a_few_at_a_time()
    {
        const int Topics = TableReads.MaxHeadReads + 20;
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync(connectionString: proxy.ConnectionString);
        await host.PublishAsync("a", "makes the table");
        var (held, allOpen) = (new HeldReads(), new TaskCompletionSource());
        proxy.Intercept = call => call.Method != "GET" || ChangeFeedTests.IsChangePoll(call) ? StorageProxy.PassOnAsync(call) : held.HoldAsync(call, allOpen.Task);

        var streams = await Task.WhenAll(Enumerable.Range(0, Topics).Select(i => host.OpenAsync($"events/topic{i}?mode=poll")));
        allOpen.SetResult();
        foreach (var stream in streams)
        {
            Assert.Contains("that is all for now", (await stream.ReadToEndAsync())[^1], StringComparison.Ordinal);
            await stream.DisposeAsync();
        }

        Assert.InRange(held.Max, 2, TableReads.MaxHeadReads);
    }

    /// <summary>Events of unknown size count as the largest.</summary>
    [Fact]
    public async Task Events_are_loaded_so_many_bytes_at_a_time()
    {
        const int Topics = 10;
        const int Events = 40;
        const int EventBytes = 60_000;
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync(connectionString: proxy.ConnectionString);
        var log = new LogTable(await TestStorage.ConnectionStringAsync(), host.Table).Log();
        for (var i = 0; i < Topics; i++)
            await log.AppendAsync(Topic.Parse($"topic{i}"), [.. Enumerable.Repeat(new NewEvent(null, new byte[EventBytes]), Events)], null, CancellationToken.None);

        var (held, allOpen) = (new HeldReads(), new TaskCompletionSource());
        proxy.Intercept = call => call.IsQuery && !ChangeFeedTests.IsChangePoll(call) ? held.HoldAsync(call, allOpen.Task, Rows(call) * EventBytes) : StorageProxy.PassOnAsync(call);
        var streams = await Task.WhenAll(Enumerable.Range(0, Topics).Select(i => host.OpenAsync($"events/topic{i}?from=start")));
        allOpen.SetResult();
        foreach (var stream in streams)
        {
            await stream.ReadEventsAsync(Events);
            await stream.DisposeAsync();
        }

        Assert.InRange(held.Max, TableReads.MaxLoadBytes / 4, TableReads.MaxLoadBytes); // the first load alone is half of it

        static long Rows(StorageCall call) => Regex.Matches(Uri.UnescapeDataString(call.PathAndQuery), "[0-9]{19}").Select(key => long.Parse(key.Value, CultureInfo.InvariantCulture)).ToArray() is [var first, var last]
            ? last - first + 1
            : throw new InvalidOperationException(call.PathAndQuery);
    }

    /// <summary>Else a writer waits for a connection until a read has ended, which takes seconds where storage is slow.</summary>
    [Fact]
    public async Task Reads_leave_connections_to_writers_however_small_they_are()
    {
        await using var host = await TestHost.StartAsync();
        using var reads = new TableReads(host.Services.GetRequiredService<TableEventLog>(), TimeProvider.System, new Lines());

        var loads = Enumerable.Range(0, 2 * TableConnection.MaxConnections).Select(_ => reads.EnterLoadAsync(1, CancellationToken.None)).ToList();

        var admitted = loads.Count(load => load.IsCompletedSuccessfully);
        Assert.Equal(TableReads.MaxLoads, admitted);
        Assert.InRange(admitted + TableReads.MaxHeadReads + TableReads.MaxSearches, 1, TableConnection.MaxConnections - 1);
    }

    [Fact]
    public async Task Connections_to_storage_have_a_bound()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = new LogTable(proxy.ConnectionString, TestStorage.NewTableName()).Client();
        var (inFlight, max, isFull, release) = (0, 0, new TaskCompletionSource(), new TaskCompletionSource());
        var gate = new Lock();
        proxy.Intercept = async call =>
        {
            if (call.PathAndQuery == Marker)
            {
                call.Reply(200);
                return;
            }

            lock (gate)
                max = Math.Max(max, ++inFlight);

            if (max >= TableConnection.MaxConnections)
                isFull.TrySetResult();

            await release.Task;
            lock (gate)
                inFlight--;

            call.Reply(404);
        };

        var reads = Enumerable.Range(0, 2 * TableConnection.MaxConnections).Select(i => table.GetEntityIfExistsAsync<TableEntity>("a", $"{i}")).ToList();
        await isFull.Task.WaitAsync(SseStream.Timeout);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            // What comes after more connections than there may be has arrived: so would they have.
            using var client = new HttpClient { BaseAddress = new Uri(proxy.ConnectionString.Split("TableEndpoint=")[1].TrimEnd(';')) };
            using var answer = await client.GetAsync(Marker);
        }));

        release.SetResult();
        await Task.WhenAll(reads);

        Assert.Equal(TableConnection.MaxConnections, max);
    }

    [Fact]
    public async Task Failed_reads_are_logged_once_a_second_with_their_number()
    {
        await using var host = await TestHost.StartAsync();
        var (time, lines) = (new FakeTimeProvider(), new Lines());
        using var reads = new TableReads(host.Services.GetRequiredService<TableEventLog>(), time, lines);

        for (var i = 0; i < 1000; i++)
            reads.LogFailure(Topic.Parse($"topic{i}"), "The head", "it is down");

        time.Advance(TimeSpan.FromSeconds(1)); // the last of them have their line, though no further one fails
        time.Advance(TimeSpan.FromSeconds(10));
        reads.LogFailure(Topic.Parse("a"), "The head", "it is down");

        Assert.Equal(
            [
                "The head of topic topic0 could not be read: it is down (1 reads have failed since the last such line)",
                "The head of topic topic999 could not be read: it is down (999 reads have failed since the last such line)",
                "The head of topic a could not be read: it is down (1 reads have failed since the last such line)",
            ],
            lines.All);
    }

    /// <returns>The comment at its end.</returns>
    private static async Task<string> OpenAndReadAsync(TestHost host, string path)
    {
        await using var stream = await host.OpenAsync(path);
        return (await stream.ReadToEndAsync())[^1].Split(": ")[^1];
    }

    /// <summary>Counts reads that are under way at a time, by their weight; one that the client tries again is the same.</summary>
    private sealed class HeldReads
    {
        private readonly Dictionary<string, long> underWay = [];

        public long Max { get; private set; }

        public async Task HoldAsync(StorageCall call, Task until, long weight = 1)
        {
            lock (underWay)
            {
                underWay[call.PathAndQuery] = weight;
                Max = Math.Max(Max, underWay.Values.Sum());
            }

            await until;
            using var answer = await call.ForwardAsync();
            lock (underWay)
                underWay.Remove(call.PathAndQuery);

            await call.ReplyAsync(answer);
        }
    }

    private sealed class Lines : ILogger
    {
        public ConcurrentQueue<string> All { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            All.Enqueue(formatter(state, exception));
    }
}
