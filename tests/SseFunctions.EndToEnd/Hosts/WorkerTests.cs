using Microsoft.Extensions.Time.Testing;
using SseFunctions.TestSupport;
using SseFunctions.WorkerHost;
using Xunit.Abstractions;
using Yarp.ReverseProxy.Forwarder;

namespace SseFunctions.EndToEnd.Hosts;

/// <summary>How the real worker ends and is ended, and how its timers run. The host's time is the test's.</summary>
public sealed class WorkerTests(ITestOutputHelper output) : IDisposable
{
    /// <summary>host.json's.</summary>
    private static readonly TimeSpan FunctionTimeout = TimeSpan.FromMinutes(5);

    /// <summary>When the host restarts a worker that has not obeyed.</summary>
    private static readonly TimeSpan GracePeriod = TimeSpan.FromSeconds(2);

    private readonly FakeTimeProvider time = new();
    private readonly string table = TestStorage.NewTableName();
    private readonly string topic = TopicApi.NewTopic();
    private WorkerLog? log;

    /// <summary>To find out why a test failed.</summary>
    public void Dispose() => output.WriteLine($"{log}");

    [Fact]
    public async Task Stream_ends_at_functionTimeout_and_no_other_does()
    {
        await using var host = await StartAsync(TestHost.NoClock, TestHost.NoRetention);
        using var client = host.NewClient();
        var worker = await host.WorkerAsync();
        await using var stream = await SseStream.OpenLiveAsync(client, $"events/{topic}");
        time.Advance(GracePeriod);
        await using var younger = await SseStream.OpenLiveAsync(client, $"events/{topic}");
        var ended = host.Ends.NextAsync("SseStream");

        time.Advance(FunctionTimeout - GracePeriod);

        // It ends while the host's clock stands still: by its token, before the host would replace the worker.
        var end = await ended.WaitAsync(SseStream.Timeout);
        await Assert.ThrowsAnyAsync<IOException>(stream.ReadToEndAsync); // the host cuts its client
        var id = await client.PublishAsync(topic, "a");
        Assert.Equal(id, (await younger.ReadEventAsync())?.Id);

        // The request's own token would have cut the response of the worker.
        Assert.True(end is { Succeeded: true, Forwarding: ForwarderError.None }, $"{end}");
        output.WriteLine($"Ended {end.AfterCancel} after its token had fired");
        Assert.Same(worker, await host.WorkerAsync());
    }

    /// <summary>The host sends no request until the worker itself listens: it chooses its port earlier, and another process can take it meanwhile.</summary>
    [SkippableFact]
    public async Task Port_of_another_process_is_not_taken_for_the_workers()
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.SeldomOnlyInFull);
        Skip.IfNot(OperatingSystem.IsLinux(), "Only /proc tells whose a socket is.");
        await using var host = await StartAsync(TestHost.NoClock, TestHost.NoRetention);
        var worker = await host.WorkerAsync();
        var (own, hosts) = (new Uri(worker.HttpUri).Port, host.BaseAddress.Port);

        Assert.Equal((true, false), (WorkerProcess.ListensOn(own, worker.ProcessId), WorkerProcess.ListensOn(hosts, worker.ProcessId)));
        Assert.True(WorkerProcess.ListensOn(hosts, Environment.ProcessId));
    }

    [SkippableFact]
    public async Task Worker_is_replaced_when_an_invocation_goes_on_after_functionTimeout()
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.SeldomOnlyInFull);
        await using var storage = await StorageProxy.StartAsync();
        await using var host = await StartAsync(TestHost.NoClock, TestHost.NoRetention, storage.Setting);
        using var client = host.NewClient();
        var worker = await host.WorkerAsync();
        var (asked, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        storage.Intercept = call =>
        {
            if (!call.PathAndQuery.Contains(topic, StringComparison.Ordinal)) // of a tick, or of the change feed
                return StorageProxy.PassOnAsync(call);

            asked.TrySetResult();
            return answer.Task;
        };
        using var body = new StringContent("a");
        var waiting = client.PostAsync(new Uri($"events/{topic}", UriKind.Relative), body); // it goes on for 20 s by the system's clock, a read for 5 s
        await asked.Task.WaitAsync(SseStream.Timeout);

        time.Advance(FunctionTimeout);
        time.Advance(GracePeriod);

        Assert.NotEqual(0, await worker.Exit.WaitAsync(SseStream.Timeout));
        await Assert.ThrowsAsync<HttpRequestException>(() => waiting.WaitAsync(SseStream.Timeout));
        storage.Intercept = null;
        answer.SetResult();
        await using var stream = await ReopenAsync(client).WaitAsync(SseStream.Timeout);
        Assert.NotNull(await stream.ReadFrameAsync());
        Assert.NotSame(worker, await host.WorkerAsync());
    }

    [Fact]
    public async Task Client_misses_and_repeats_nothing_when_the_worker_is_killed_while_another_host_publishes()
    {
        await using var publishing = await TestHost.StartOnAsync(table);
        await using var publisher = new SteadyPublisher(publishing.Client, topic);
        await using var host = await StartAsync(TestHost.NoClock, TestHost.NoRetention);
        using var streaming = host.NewClient();
        var client = new ReconnectingClient($"events/{topic}?from=start");
        var reading = client.ReadAsync(streaming);
        await client.Received.ReachesAsync(10);

        (await host.WorkerAsync()).Kill();

        await reading.WaitAsync(SseStream.Timeout);
        await publisher.Acknowledged.ReachesAsync(publisher.Acknowledged.Count + 10);
        var ids = await publisher.StopAsync();
        await (await ReopenAsync(streaming).WaitAsync(SseStream.Timeout)).DisposeAsync();
        await client.ReadAsync(streaming, enough: ids.Count).WaitAsync(SseStream.Timeout);
        Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), client.Events);
    }

    [Fact]
    public async Task Every_stream_ends_with_a_retry_and_cleanly_when_the_worker_is_terminated()
    {
        await using var host = await StartAsync(TestHost.NoClock, TestHost.NoRetention);
        using var client = host.NewClient();
        var id = await client.PublishAsync(topic, "a");
        await using var live = await SseStream.OpenAsync(client, $"events/{topic}?from=start");
        Assert.Equal(id, (await live.ReadEventAsync())?.Id);
        await using var quiet = await SseStream.OpenAsync(client, $"events/{TopicApi.NewTopic()}");

        var exitCode = await (await host.WorkerAsync()).TerminateAsync(timeout: SseStream.Timeout);

        Assert.Equal(0, exitCode);
        foreach (var stream in (SseStream[])[live, quiet])
        {
            // The end of a response that is cut off would throw here.
            var frames = await stream.ReadToEndAsync();
            Assert.Matches(@"\Aretry: [1-9][0-9]*\n: .*stopping.*\z", frames[^1]);
        }
    }

    [Fact]
    public async Task Clock_publishes_an_event_at_its_tick()
    {
        await using var host = await StartAsync("ClockSchedule=*/5 * * * * *", TestHost.NoRetention);
        using var client = host.NewClient();
        await using var stream = await SseStream.OpenAsync(client, "events/clock?from=start");
        var ended = host.Ends.NextAsync("SseClock");

        time.Advance(TimeSpan.FromSeconds(5));

        Assert.True((await ended.WaitAsync(SseStream.Timeout)).Succeeded);
        Assert.Matches(@"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$", (await stream.ReadEventAsync())?.Data);
    }

    [Fact]
    public async Task Retention_trims_topics_at_its_tick()
    {
        await using var host = await StartAsync(TestHost.NoClock, "RetentionSchedule=*/5 * * * * *", "Retention__MaxEvents=1");
        using var client = host.NewClient();
        var ids = await client.PublishAllAsync(topic, "a", "b", "c");
        var ended = host.Ends.NextAsync("SseRetention");

        time.Advance(TimeSpan.FromSeconds(5));

        Assert.True((await ended.WaitAsync(SseStream.Timeout)).Succeeded);
        Assert.Equal(ids[2], (await client.GetTopicAsync(topic)).GetProperty("first").GetString());
    }

    private async Task<FunctionsHost> StartAsync(params string[] settings)
    {
        var host = await FunctionsHost.StartAsync(new FunctionsHostOptions { Settings = await AppSettings.ForAsync(table, settings), Time = time });
        log = host.Log;
        return host;
    }

    /// <summary>As an EventSource does: while a worker is gone and the host has not noticed, connections fail.</summary>
    private async Task<SseStream> ReopenAsync(HttpClient client)
    {
        while (true)
        {
            try
            {
                if (await SseStream.OpenAsync(client, $"events/{topic}") is { Response.IsSuccessStatusCode: true } stream)
                    return stream;
            }
            catch (HttpRequestException)
            {
                // Again.
            }
        }
    }
}
