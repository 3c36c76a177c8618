using System.Diagnostics;
using System.Globalization;
using System.Net;
using SseFunctions.EndToEnd.UnderFire;
using SseFunctions.TestSupport;
using Xunit.Abstractions;

namespace SseFunctions.EndToEnd.Hostile;

/// <summary>
/// More clients than a process can hold, each of the worst kind: it lives, goes on serving others, and gives back what they
/// took. What it took is written to the test's output.
/// </summary>
public sealed class OverloadTests(ITestOutputHelper output)
{
    /// <summary>The heap, in the collector's own notation: 128 MiB, or the 384 MiB of an instance of 512 MB. The process ends when it needs more.</summary>
    private static readonly string HeapLimit = $"DOTNET_GCHeapHardLimit={Thoroughness.Choose(brief: "0x8000000", full: "0x18000000")}";

    /// <summary>The process's memory in all.</summary>
    private static readonly long MaxMemory = Thoroughness.Choose(brief: 300L, full: 450L) << 20;

    private static readonly int MaxStreams = Thoroughness.Choose(brief: 100, full: 1_000);

    /// <summary>Of a reader that catches up; and how often it comes back for them.</summary>
    private const int EventsRead = 10;
    private const int MaxConnections = 100;

    private readonly string topic = TopicApi.NewTopic();

    [SkippableFact]
    public async Task Clients_that_read_nothing_are_held_only_so_many_at_a_time()
    {
        await using var host = await StartAsync(null, $"Stream__MaxStreams={MaxStreams}");
        var topics = Enumerable.Range(0, 8).Select(i => $"{topic}{i}").ToList();
        foreach (var large in topics)
            await LargeTopic.PublishAsync(host.Client, large, Thoroughness.Choose(brief: 1, full: 3));

        var all = $"events?{string.Join('&', topics.Select(name => $"topic={name}"))}&from=start";
        await AssertSurvivesAsync(host, 4 * MaxStreams, i => CrowdClient.OpenAsync(host.BaseAddress, i % 2 == 0 ? $"events/{topics[0]}?from=start" : all));
    }

    /// <summary>At random places, so that few hold the same events.</summary>
    [SkippableFact]
    public async Task Long_polls_that_read_nothing_hold_no_more_than_streams()
    {
        var maxStreams = Thoroughness.Choose(brief: 300, full: 1_000);
        await using var host = await StartAsync(null, $"Stream__MaxStreams={maxStreams}");
        var ids = await LargeTopic.PublishAsync(host.Client, topic, Thoroughness.Choose(brief: 18, full: 48));
        var random = new Random(FuzzSeed.Value);
        var cursors = Enumerable.Range(0, (2 * maxStreams) + 400).Select(_ => ids[random.Next(ids.Count - EventsRead)]).ToList(); // fewer than there may be connections

        await AssertSurvivesAsync(host, cursors.Count, i => CrowdClient.OpenAsync(host.BaseAddress, $"events/{topic}?mode=long-poll&lastEventId={cursors[i]}"));
    }

    [SkippableFact]
    public async Task Connections_leave_descriptors_for_the_process_itself()
    {
        SkipElsewhere();
        var limit = Thoroughness.Choose(brief: 700, full: 1_500);
        await using var host = await LocalHostProcess.StartWithDescriptorsAsync(limit, TestStorage.NewTableName(), Settings);
        using (var crowd = await Crowd.OpenAsync(3 * limit, i => CrowdClient.OpenAsync(host.BaseAddress, RandomTopics(i))))
        {
            Assert.False(host.HasExited, host.Errors);
            Report(host, $"{crowd.Clients.Count} of {3 * limit} clients answered");
            Assert.InRange(crowd.Clients.Count, 1, limit - 1);
        }

        await host.Client.WaitForOpenStreamsAsync(0);
        await AssertServesAsync(host);
    }

    [SkippableFact]
    public async Task Topics_asked_for_at_random_cost_storage_no_more_than_so_much_at_a_time()
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.LongOnlyInFull);
        SkipElsewhere();
        await using var proxy = await StorageProxy.StartAsync();
        var (inFlight, max) = (0, 0);
        proxy.Intercept = async call =>
        {
            InterlockedMax(ref max, Interlocked.Increment(ref inFlight));
            await StorageProxy.PassOnAsync(call);
            Interlocked.Decrement(ref inFlight);
        };
        var maxTopics = 2 * MaxStreams;
        await using var host = await StartAsync(proxy, $"Stream__MaxStreams={MaxStreams}", $"Stream__MaxTopics={maxTopics}");
        var start = Stopwatch.GetTimestamp();

        await AssertSurvivesAsync(host, MaxStreams, i => CrowdClient.OpenAsync(host.BaseAddress, RandomTopics(i)));

        var (seconds, warnings) = (Stopwatch.GetElapsedTime(start).TotalSeconds, host.Output.Split("warn:").Length - 1);
        Report(host, string.Create(CultureInfo.InvariantCulture, $"{proxy.Reads / seconds:F0} table reads a second, {max} at a time; {warnings} warnings in {seconds:F0} s"));
        Assert.InRange(max, 1, 100); // connections to storage
        Assert.InRange(warnings, 0, seconds + 1);
    }

    /// <summary>Each place is read from the table, since the cache has room for a quarter of the topic.</summary>
    [SkippableFact]
    public async Task Readers_at_random_places_of_a_large_topic_share_what_may_be_loaded_at_a_time()
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.LongOnlyInFull);
        var (cacheBytes, megabytes, readers) = (64 << 20, 270, 200);
        await using var host = await StartAsync(null, $"Stream__CacheBytes={cacheBytes}");
        var ids = await LargeTopic.PublishAsync(host.Client, topic, megabytes);
        var random = new Random(FuzzSeed.Value);
        var cursors = Enumerable.Range(0, readers).Select(_ => ids[random.Next(ids.Count - EventsRead)]).ToList();

        var connections = await Task.WhenAll(cursors.Select(cursor => CatchUpAsync(host, cursor)));
        Report(host, $"{cursors.Count} readers took {connections.Sum()} connections");
        await AssertServesAsync(host);

        await AssertBoundedAsync(host, maxHeapLeft: cacheBytes + (64 << 20));
        Assert.DoesNotContain(nameof(OutOfMemoryException), host.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task What_clients_send_after_their_request_stays_with_them()
    {
        await using var host = await StartAsync(null);
        await host.Client.PublishAsync(topic, "1");
        var more = new byte[1_500_000];

        await AssertSurvivesAsync(host, MaxStreams, _ => CrowdClient.OpenAsync(host.BaseAddress, $"events/{topic}", more: more));
    }

    [SkippableFact]
    public async Task Questions_about_a_topic_and_the_health_share_their_reads()
    {
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await StartAsync(proxy);
        await host.Client.PublishAsync(topic, "1");
        var (readsBefore, start) = (proxy.Reads, Stopwatch.GetTimestamp());

        await Parallel.ForEachAsync(Enumerable.Range(0, Thoroughness.Choose(brief: 500, full: 15_000)), async (i, stop) =>
        {
            using var answer = await host.Client.GetAsync(i % 2 == 0 ? "health" : $"topics/{topic}", stop).WaitAsync(SseStream.Timeout, stop);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        });

        var (reads, seconds) = (proxy.Reads - readsBefore, Stopwatch.GetElapsedTime(start).TotalSeconds);
        Report(host, string.Create(CultureInfo.InvariantCulture, $"{reads} table reads in {seconds:F1} s"));
        Assert.InRange(reads, 1, 3 + (3.1 * seconds)); // a topic's every half second, its retention every ten, and the health's every second
    }

    /// <summary>As an EventSource does: where storage is too slow for all of them, it is told to come back.</summary>
    /// <returns>How many connections it took to get some events.</returns>
    private async Task<int> CatchUpAsync(LocalHostProcess host, string cursor)
    {
        for (var connections = 1; ; connections++)
        {
            using var client = await CrowdClient.OpenAsync(host.BaseAddress, $"events/{topic}", $"Last-Event-ID: {cursor}\r\nConnection: close\r\n");
            if (client is not null && await client.ReadAsync(EventsRead * LargeTopic.EventBytes) >= EventsRead * LargeTopic.EventBytes)
                return connections;

            Assert.False(host.HasExited, host.Errors);
            Assert.InRange(connections, 1, MaxConnections);
        }
    }

    private static string[] Settings => [HeapLimit, "ClockSchedule=0 0 0 1 1 *", "RuntimeSchedule=0 0 0 1 1 *", "RetentionSchedule=0 0 0 1 1 *"];

    private static async Task<LocalHostProcess> StartAsync(StorageProxy? storage, params string[] settings)
    {
        SkipElsewhere();
        return await LocalHostProcess.StartAsync(
            TestStorage.NewTableName(), [.. Settings, .. settings, .. storage is null ? (string[])[] : [$"EventLog__ConnectionString={storage.ConnectionString}"]]);
    }

    private static void SkipElsewhere()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Skip.IfNot(OperatingSystem.IsLinux(), "What a process holds is read from /proc, which only Linux has.");
    }

    private static string RandomTopics(int client) =>
        $"events?{string.Join('&', Enumerable.Range(0, 8).Select(i => $"topic=random-{client}-{i}"))}";

    /// <summary>A reader from before goes on while the crowd is there, and afterwards nothing is left of it.</summary>
    private async Task AssertSurvivesAsync(LocalHostProcess host, int count, Func<int, Task<CrowdClient?>> openAsync)
    {
        await host.Client.PublishAsync(topic, "before");
        await using (var reader = await SseStream.OpenAsync(host.Client, $"events/{topic}?last=1"))
        {
            Assert.Equal("before", (await reader.ReadEventAsync())!.Data);
            var descriptors = host.Descriptors;
            Report(host, "before");
            using (var crowd = await Crowd.OpenAsync(count, openAsync))
            {
                Report(host, $"{crowd.Clients.Count} of {count} clients answered");
                await AssertServesAsync(host);
                Assert.Equal("during", (await reader.ReadEventAsync())!.Data);
            }

            await host.Client.WaitForOpenStreamsAsync(1);
            await AssertBoundedAsync(host);
            Assert.InRange(host.Descriptors, 0, descriptors + 100 + 20); // connections to storage, and those of the test's own client
        }

        await host.Client.WaitForOpenStreamsAsync(0);
    }

    /// <summary>Publishes, asks for the health, and opens a stream.</summary>
    private async Task AssertServesAsync(LocalHostProcess host)
    {
        var start = Stopwatch.GetTimestamp();
        using var health = await host.Client.GetAsync("health").WaitAsync(SseStream.Timeout);
        Report(host, string.Create(CultureInfo.InvariantCulture, $"health answered {(int)health.StatusCode} in {Stopwatch.GetElapsedTime(start).TotalMilliseconds:F0} ms"));
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        await host.Client.PublishAsync(topic, "during");
        await using var stream = await SseStream.OpenAsync(host.Client, $"events/{topic}?mode=poll");
        Assert.StartsWith("retry: ", (await stream.ReadToEndAsync())[^1], StringComparison.Ordinal);
    }

    /// <param name="maxHeapLeft">Bytes of the heap that may be left when the clients have gone; looked at in full only, since it takes its time.</param>
    private async Task AssertBoundedAsync(LocalHostProcess host, long maxHeapLeft = long.MaxValue)
    {
        Report(host, $"{host.PeakMemoryBytes >> 20} MiB at most");
        Assert.InRange(host.PeakMemoryBytes, 0, MaxMemory);
        if (!Thoroughness.IsFull)
            return;

        var left = await HostMemory.SettledAsync(host);
        Report(host, $"left with {left}");
        Assert.InRange(left.HeapBytes, 0, maxHeapLeft);
    }

    private void Report(LocalHostProcess host, string what) => output.WriteLine($"{what}; {host.MemoryBytes >> 20} MiB, {host.Descriptors} descriptors");

    private static void InterlockedMax(ref int max, int value)
    {
        for (var seen = max; seen < value; seen = max)
            Interlocked.CompareExchange(ref max, value, seen);
    }
}
