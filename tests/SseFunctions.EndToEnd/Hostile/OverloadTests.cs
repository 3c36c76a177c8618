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
public sealed class OverloadTests(OwnStorage storage, ITestOutputHelper output) : IClassFixture<OwnStorage>, IDisposable
{
    /// <summary>The heap, in the collector's own notation: 160 MiB, or the 384 MiB of an instance of 512 MB. The process ends when it needs more.</summary>
    private static readonly string HeapLimit = $"DOTNET_GCHeapHardLimit={Thoroughness.Choose(brief: "0xA000000", full: "0x18000000")}";

    /// <summary>The process's memory in all.</summary>
    private static readonly long MaxMemory = Thoroughness.Choose(brief: 300L, full: 450L) << 20;

    /// <summary>The same where answers, kept until they are whole, or bodies may fill the heap to its limit: with what the process has beside it.</summary>
    private const long MaxMemoryWithFullHeap = 480L << 20;

    private static readonly int MaxStreams = Thoroughness.Choose(brief: 100, full: 1_000);

    /// <summary>Of a reader that catches up; and how often it comes back for them.</summary>
    private const int EventsRead = 10;
    private const int MaxConnections = 100;

    /// <summary>What a client too many is told, to the end of its answer, as it is on the wire.</summary>
    private const string ComeBack = @"retry: \d+\n: too many streams are open here; reconnect later";

    /// <summary>Descriptors that are not for connections, as performance.md says.</summary>
    private const int OwnDescriptors = 450;

    /// <summary>Heads that are read at a time, and as many again of which the proxy may not have seen yet that nobody waits for them any more.</summary>
    private const int MaxHeadReads = 2 * 32;

    /// <summary>Loads at a time, each of 256 KiB at least: 4 MiB; and as many again, as with the heads.</summary>
    private const int MaxLoads = 2 * 16;

    private readonly string topic = TopicApi.NewTopic();
    private LocalHostProcess? started;

    /// <summary>To find out why a host has exited.</summary>
    public void Dispose() => output.WriteLine($"{started?.Errors}");

    [SkippableFact]
    public async Task Clients_that_read_nothing_are_held_only_so_many_at_a_time()
    {
        await using var host = await StartAsync(null, "Stream__WriteTimeout=00:03:00", $"Stream__MaxStreams={MaxStreams}");
        var topics = Enumerable.Range(0, 8).Select(i => $"{topic}{i}").ToList();
        foreach (var large in topics)
            await LargeTopic.PublishAsync(host.Client, large, Thoroughness.Choose(brief: 1, full: 3));

        var all = $"events?{string.Join('&', topics.Select(name => $"topic={name}"))}&from=start";
        await AssertSurvivesAsync(host, 4 * MaxStreams, i => CrowdClient.OpenAsync(host.BaseAddress, i % 2 == 0 ? $"events/{topics[0]}?from=start" : all), AssertTurnedAwayAsync, hasRoom: false);

        async Task AssertTurnedAwayAsync(Crowd crowd)
        {
            var turnedAway = crowd.Clients.Where(client => client.IsTurnedAway).ToList();
            Report(host, $"{turnedAway.Count} clients turned away");
            Assert.Equal(crowd.Clients.Count - (2 * MaxStreams) + 1, turnedAway.Count); // the reader from before has a place
            foreach (var answer in await Task.WhenAll(turnedAway.Select(client => client.ReadToEndAsync())))
                Assert.Matches($@"\r\n\r\n[0-9a-f]+\r\n{ComeBack}\n\r\n0\r\n\r\n\z", answer);
        }
    }

    /// <summary>At random places, so that few hold the same events.</summary>
    [SkippableFact]
    public async Task Long_polls_that_read_nothing_hold_no_more_than_streams()
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.LongOnlyInFull);
        await using var host = await StartAsync(null, $"Stream__MaxStreams={MaxStreams}");
        var ids = await LargeTopic.PublishAsync(host.Client, topic, 48);
        var cursors = RandomCursors(ids, (2 * MaxStreams) + 400); // fewer than there may be connections

        // An answer that fits the buffers of both sides has ended, and leaves its place to another.
        await AssertSurvivesAsync(host, cursors.Count, i => CrowdClient.OpenAsync(host.BaseAddress, $"events/{topic}?mode=long-poll&lastEventId={cursors[i]}"), hasRoom: null, maxMemory: MaxMemoryWithFullHeap);
    }

    /// <summary>Many of them connect at the same moment: each has a descriptor until it is closed.</summary>
    [SkippableTheory]
    [MemberData(nameof(DescriptorLimits))]
    public async Task Connections_leave_descriptors_for_the_process_itself(int limit, int clients, int maxStreams)
    {
        SkipElsewhere();
        await using var host = await LocalHostProcess.StartWithDescriptorsAsync(limit, TestStorage.NewTableName(), [.. Settings, storage.Setting, $"Stream__MaxStreams={maxStreams}", $"Stream__MaxTopics={8 * maxStreams}"]);
        await host.Client.WaitForOpenStreamsAsync(0); // a connection from before
        using (var crowd = await Crowd.OpenAsync(clients, i => CrowdClient.OpenAsync(host.BaseAddress, RandomTopics(i)), atOnce: 1_000))
        {
            Assert.False(host.HasExited, host.Errors);
            Report(host, $"{crowd.Clients.Count} of {clients} clients answered");
            Assert.InRange(crowd.Clients.Count, 1, Math.Min(limit - OwnDescriptors, (2 * maxStreams) + 500));
            await AssertHealthyAsync(host);
        }

        await host.Client.WaitForOpenStreamsAsync(0);
        await AssertServesAsync(host, "after");
        Assert.DoesNotContain("maximum number of concurrent connections", host.Output, StringComparison.Ordinal); // Kestrel's line for each
        Assert.InRange(host.Output.Split("A connection was closed because there are too many").Length - 1, clients > limit ? 1 : 0, 3); // one a minute
    }

    /// <summary>The process's limit, how many clients come, and how many streams may stay.</summary>
    public static TheoryData<int, int, int> DescriptorLimits => Thoroughness.Choose(
        brief: new TheoryData<int, int, int> { { 700, 1_000, 1_000 } },
        full: new TheoryData<int, int, int> { { 1_500, 4_500, 1_000 }, { 20_000, 4_100, 2_000 } });

    /// <summary>Storage answers none of them, so that all that are asked for at a time are seen.</summary>
    [SkippableFact]
    public async Task Topics_asked_for_at_random_are_read_and_followed_only_so_many_at_a_time()
    {
        SkipElsewhere();
        var (clients, maxTopics) = (100, 200);
        await using var proxy = await StorageProxy.StartAsync(storage.Endpoint);
        await using var host = await StartAsync(proxy, $"Stream__MaxStreams={clients}", $"Stream__MaxTopics={maxTopics}");
        var heads = new HeldReads(proxy, call => call.Method == "GET" && call.PathAndQuery.Contains("random-", StringComparison.Ordinal));

        await AssertSurvivesAsync(host, clients, i => CrowdClient.OpenAsync(host.BaseAddress, RandomTopics(i)), async _ =>
        {
            await host.Client.WaitForOpenStreamsAsync(0, 1 + (maxTopics / 8)); // the others were told to come back, and the reader from before stays
            Report(host, $"{heads.Max} heads read at a time");
            Assert.InRange(heads.Max, 1, MaxHeadReads);
            heads.Release();
        });
    }

    [SkippableFact]
    public async Task Topics_asked_for_at_random_cost_storage_no_more_than_so_much_at_a_time()
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.LongOnlyInFull);
        SkipElsewhere();
        await using var proxy = await StorageProxy.StartAsync(storage.Endpoint);
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

    /// <summary>The same as below, with storage that answers nothing until all readers are there.</summary>
    [SkippableFact]
    public async Task Events_at_random_places_of_a_large_topic_are_loaded_only_so_many_at_a_time()
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.LongOnlyInFull);
        var (megabytes, readers, large) = (12, 60, TopicApi.NewTopic());
        await using var proxy = await StorageProxy.StartAsync(storage.Endpoint);
        await using var host = await StartAsync(proxy, $"Stream__CacheBytes={4 << 20}");
        var cursors = RandomCursors(await LargeTopic.PublishAsync(host.Client, large, megabytes), readers);
        var loads = new HeldReads(proxy, call => call.IsQuery && call.PathAndQuery.Contains(large, StringComparison.Ordinal));

        await AssertSurvivesAsync(host, readers, i => CrowdClient.OpenAsync(host.BaseAddress, $"events/{large}", $"Last-Event-ID: {cursors[i]}\r\n"), async _ =>
        {
            Report(host, $"{loads.Max} loads at a time");
            Assert.InRange(loads.Max, 1, MaxLoads);
            loads.Release();
            await Task.WhenAll(cursors.Take(EventsRead).Select(cursor => CatchUpAsync(host, large, cursor)));
        });
    }

    /// <summary>Each place is read from the table, since the cache has room for a quarter of the topic.</summary>
    [SkippableFact]
    public async Task Readers_at_random_places_of_a_large_topic_share_what_may_be_loaded_at_a_time()
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.LongOnlyInFull);
        var (cacheBytes, megabytes, readers) = (64 << 20, 270, 200);
        await using var host = await StartAsync(null, $"Stream__CacheBytes={cacheBytes}");
        var large = TopicApi.NewTopic();
        var cursors = RandomCursors(await LargeTopic.PublishAsync(host.Client, large, megabytes), readers);

        var connections = await Task.WhenAll(cursors.Select(cursor => CatchUpAsync(host, large, cursor)));
        Report(host, $"{cursors.Count} readers took {connections.Sum()} connections");
        await AssertServesAsync(host, "after");

        await AssertBoundedAsync(host, maxHeapLeft: cacheBytes + (64 << 20));
        Assert.DoesNotContain(nameof(OutOfMemoryException), host.Output, StringComparison.Ordinal);
    }

    /// <summary>Those of 2.7 MB and single events of 60 KB, each to a topic of its own: what waits for one topic has its own bound.</summary>
    [SkippableFact]
    public async Task Publications_hold_only_so_many_bytes_at_a_time()
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.LongOnlyInFull);
        await using var host = await StartAsync(null);
        var sizes = Enumerable.Range(0, 500).ToDictionary(i => $"{topic}-{i}", i => i % 8 == 0 ? LargeTopic.EventsAtOnce : 1);

        var publications = Task.WhenAll(sizes.Keys.Select(PublishAsync));
        await AssertServesAsync(host, "during");
        var statuses = await publications;
        Report(host, $"{statuses.Count(status => status == HttpStatusCode.Created)} of {sizes.Count} taken at once");
        Assert.All(statuses, status => Assert.True(status is HttpStatusCode.Created or HttpStatusCode.ServiceUnavailable, $"{status}"));
        Assert.Contains(HttpStatusCode.Created, statuses);

        foreach (var (name, events) in sizes)
        {
            // With the same key: of one that was told that storage is slow, nobody knows whether it was written.
            using var again = await RepeatedReads.RepeatAsync(() => SendAsync(name));
            Assert.True(again.IsSuccessStatusCode, $"{again.StatusCode}");
            Assert.Equal(events, (await host.Client.GetTopicAsync(name)).GetProperty("count").GetInt32());
        }

        await AssertServesAsync(host, "after");
        await AssertBoundedAsync(host, MaxMemoryWithFullHeap);
        Assert.DoesNotContain(nameof(OutOfMemoryException), host.Output, StringComparison.Ordinal);

        async Task<HttpStatusCode> PublishAsync(string name)
        {
            using var answer = await SendAsync(name);
            return answer.StatusCode;
        }

        async Task<HttpResponseMessage> SendAsync(string name)
        {
            using var request = LargeTopic.Request(name, sizes[name]);
            request.Headers.Add("Idempotency-Key", name);
            return await host.Client.SendAsync(request).WaitAsync(SseStream.Timeout);
        }
    }

    [SkippableFact]
    public async Task What_clients_send_after_their_request_stays_with_them()
    {
        await using var host = await StartAsync(null, "Stream__Heartbeat=00:00:01"); // by which their leaving is seen
        await host.Client.PublishAsync(topic, "1");
        var more = new byte[Thoroughness.Choose(brief: 1_000_000, full: 1_500_000)]; // Kestrel's own bound is 1 MiB

        await AssertSurvivesAsync(host, MaxStreams, _ => CrowdClient.OpenAsync(host.BaseAddress, $"events/{topic}", more: more), crowd =>
        {
            Assert.DoesNotContain(crowd.Clients, client => client.HasSentAll);
            return Task.CompletedTask;
        });
    }

    [SkippableFact]
    public async Task Questions_about_a_topic_and_the_health_share_their_reads()
    {
        await using var proxy = await StorageProxy.StartAsync(storage.Endpoint);
        await using var host = await StartAsync(proxy);
        await host.Client.PublishAsync(topic, "1");
        var (readsBefore, start) = (proxy.Reads, Stopwatch.GetTimestamp());

        await Parallel.ForEachAsync(Enumerable.Range(0, Thoroughness.Choose(brief: 500, full: 15_000)), async (i, stop) =>
        {
            using var answer = await GetAsync(host, i % 2 == 0 ? "health" : $"topics/{topic}");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        });

        var (reads, seconds) = (proxy.Reads - readsBefore, Stopwatch.GetElapsedTime(start).TotalSeconds);
        Report(host, string.Create(CultureInfo.InvariantCulture, $"{reads} table reads in {seconds:F1} s"));
        Assert.InRange(reads, 1, 3 + (3.1 * seconds)); // a topic's every half second, its retention every ten, and the health's every second
    }

    /// <summary>As an EventSource does: where storage is too slow for all of them, it is told to come back.</summary>
    /// <returns>How many connections it took to get some events.</returns>
    private static async Task<int> CatchUpAsync(LocalHostProcess host, string large, string cursor)
    {
        for (var connections = 1; ; connections++)
        {
            using var client = await CrowdClient.OpenAsync(host.BaseAddress, $"events/{large}", $"Last-Event-ID: {cursor}\r\nConnection: close\r\n");
            if (client is not null && await client.ReadAsync(EventsRead * LargeTopic.EventBytes) >= EventsRead * LargeTopic.EventBytes)
                return connections;

            Assert.False(host.HasExited, host.Errors);
            Assert.InRange(connections, 1, MaxConnections);
        }
    }

    private static string[] Settings => [HeapLimit, TestHost.LongLifetime, TestHost.NoClock, TestHost.NoRuntime, TestHost.NoRetention];

    private async Task<LocalHostProcess> StartAsync(StorageProxy? proxy, params string[] settings)
    {
        SkipElsewhere();
        return started = await LocalHostProcess.StartAsync(
            TestStorage.NewTableName(), [.. Settings, .. settings, proxy?.Setting ?? storage.Setting]);
    }

    private static void SkipElsewhere()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Skip.IfNot(OperatingSystem.IsLinux(), "What a process holds is read from /proc, which only Linux has.");
    }

    private static List<string> RandomCursors(IReadOnlyList<string> ids, int count)
    {
        var random = new Random(FuzzSeed.Value);
        return [.. Enumerable.Range(0, count).Select(_ => ids[random.Next(ids.Count - EventsRead)])];
    }

    private static string RandomTopics(int client) =>
        $"events?{string.Join('&', Enumerable.Range(0, 8).Select(i => $"topic=random-{client}-{i}"))}";

    /// <summary>A reader from before goes on while the crowd is there, and afterwards nothing is left of it.</summary>
    /// <param name="whileThereAsync">What else holds while all of the crowd are there.</param>
    /// <param name="hasRoom">Whether the crowd leaves room for another client; null when that depends on how fast it goes.</param>
    /// <param name="maxMemory">Bytes of the process; null for the usual maximum.</param>
    private async Task AssertSurvivesAsync(
        LocalHostProcess host, int count, Func<int, Task<CrowdClient?>> openAsync, Func<Crowd, Task>? whileThereAsync = null, bool? hasRoom = true, long? maxMemory = null)
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
                await AssertServesAsync(host, "during", hasRoom);
                Assert.Equal("during", (await reader.ReadEventAsync())!.Data);
                await (whileThereAsync?.Invoke(crowd) ?? Task.CompletedTask);
            }

            await host.Client.WaitForOpenStreamsAsync(1);
            await AssertServesAsync(host, "after");
            await AssertBoundedAsync(host, maxMemory);
            Assert.InRange(host.Descriptors, 0, descriptors + 100 + 20); // connections to storage, and those of the test's own client
        }

        await host.Client.WaitForOpenStreamsAsync(0);
    }

    /// <summary>The health answers, an event can be published, and a new client gets it, or is told to come back where there is no room for it.</summary>
    private async Task AssertServesAsync(LocalHostProcess host, string text, bool? hasRoom = true)
    {
        await AssertHealthyAsync(host);
        await host.Client.PublishAsync(topic, text);
        var frames = await SseStream.PollAsync(host.Client, $"events/{topic}?last=1&mode=poll");
        if (hasRoom ?? frames.Count > 1)
            Assert.Contains(frames, frame => SseMessage.Parse(frame)?.Data == text);
        else
            Assert.Matches($@"\A{ComeBack}\z", Assert.Single(frames));
    }

    /// <summary>Asks again where the answer is 503, as it is after a read of storage that took 5 s on a busy machine.</summary>
    private static Task<HttpResponseMessage> GetAsync(LocalHostProcess host, string path) =>
        RepeatedReads.RepeatAsync(() => host.Client.GetAsync(path).WaitAsync(SseStream.Timeout));

    private async Task AssertHealthyAsync(LocalHostProcess host)
    {
        var start = Stopwatch.GetTimestamp();
        using var health = await GetAsync(host, "health");
        Report(host, string.Create(CultureInfo.InvariantCulture, $"health answered {(int)health.StatusCode} in {Stopwatch.GetElapsedTime(start).TotalMilliseconds:F0} ms"));
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }

    /// <param name="maxMemory">Bytes of the process; null for the usual maximum.</param>
    /// <param name="maxHeapLeft">Bytes of the heap that may be left when the clients have gone; looked at in full only, since it takes its time.</param>
    private async Task AssertBoundedAsync(LocalHostProcess host, long? maxMemory = null, long maxHeapLeft = long.MaxValue)
    {
        Report(host, $"{host.PeakMemoryBytes >> 20} MiB at most");
        Assert.InRange(host.PeakMemoryBytes, 0, maxMemory ?? MaxMemory);
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
