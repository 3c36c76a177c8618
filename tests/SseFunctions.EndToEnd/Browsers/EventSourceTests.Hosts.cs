using Azure.Data.Tables;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>Hosts that are killed, full, or without storage.</summary>
public abstract partial class EventSourceTests
{
    [SkippableFact]
    public async Task Client_misses_and_repeats_nothing_when_its_host_is_killed_while_another_publishes()
    {
        SkipIfNotHere();
        await using var streaming = await LocalHostProcess.StartAsync(Hosts.Table, EventSourceHosts.Retry);
        await using var source = await client.OpenAsync(streaming.BaseAddress, $"events/{Topic}?from=start");
        await using var publisher = new SteadyPublisher(Hosts.LongRetry.Client, Topic);
        await source.ReadEventsAsync(10);

        await streaming.KillAsync();
        await source.WaitUntilReconnectingAsync();
        await publisher.Acknowledged.ReachesAsync(publisher.Acknowledged.Count + 10);
        await using var again = await streaming.StartAgainAsync();
        await source.WaitUntilOpenedAsync(2);
        await publisher.Acknowledged.ReachesAsync(publisher.Acknowledged.Count + 10);
        var ids = await publisher.StopAsync();

        Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), await source.ReadEventsAsync(ids.Count));
        Assert.Equal(source.CursorsAtEnds[^1], (await source.RequestsAsync())[^1].LastEventId);
    }

    [SkippableFact]
    public async Task Client_learns_how_much_it_has_lost_when_retention_overtook_it_while_it_was_away()
    {
        SkipIfNotHere();
        var table = TestStorage.NewTableName();
        await using var trimming = await TestHost.StartOnAsync(table, "Retention__MaxEvents=2", "RetentionSchedule=* * * * * *");
        await using var host = await LocalHostProcess.StartAsync(table, EventSourceHosts.Retry);
        await using var source = await client.OpenAsync(host.BaseAddress, $"events/{Topic}?from=start");
        var ids = (await trimming.Client.PublishAllAsync(Topic, "0")).ToList();
        await source.ReadEventsAsync(1);
        await host.KillAsync(); // with what it has in memory
        await source.WaitUntilReconnectingAsync();
        ids.AddRange(await trimming.Client.PublishAllAsync(Topic, "1", "2", "3", "4", "5"));
        await UntilAsync(async () => (await trimming.Client.GetTopicAsync(Topic)).GetProperty("count").GetInt64() == 2);

        await using var again = await host.StartAgainAsync();

        Assert.Equal(
            [
                new(ids[0], "message", "0"),
                new(ids[3], "sse.reset", $$"""{"topic":"{{Topic}}","reason":"expired","lost":3,"resumeFrom":"{{ids[3]}}"}"""),
                new(ids[4], "message", "4"),
                new(ids[5], "message", "5"),
            ],
            await source.ReadEventsAsync(4));
        Assert.Equal(ids[0], (await source.RequestsAsync())[^1].LastEventId);
    }

    [SkippableFact]
    public async Task Client_learns_of_the_other_log_when_the_table_began_anew_while_it_was_away()
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.LongOnlyInFull);
        SkipIfNotHere();
        var table = TestStorage.NewTableName();
        await using var host = await LocalHostProcess.StartAsync(table, EventSourceHosts.Retry);
        await using var source = await client.OpenAsync(host.BaseAddress, $"events/{Topic}?from=start");
        var old = await host.Client.PublishAsync(Topic, "old");
        await source.ReadEventsAsync(1);
        await host.KillAsync();
        await source.WaitUntilReconnectingAsync();

        await new TableClient(await TestStorage.ConnectionStringAsync(), table).DeleteAsync();
        await using var publishing = await TestHost.StartOnAsync(table);
        var id = await publishing.Client.PublishAsync(Topic, "new");
        await using var again = await host.StartAgainAsync();

        var start = PublishedId.Parse(id) with { Sequence = 0 };
        Assert.Equal(
            [
                new(old, "message", "old"),
                new($"{start}", "sse.reset", $$"""{"topic":"{{Topic}}","reason":"epoch","lost":null,"resumeFrom":"{{start}}"}"""),
                new(id, "message", "new"),
            ],
            await source.ReadEventsAsync(3));
    }

    [SkippableFact]
    public async Task Client_stays_and_catches_up_when_storage_fails_and_comes_back()
    {
        const int Connections = 3;
        SkipIfNotHere();
        await using var storage = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartOnAsync(
            Hosts.Table, EventSourceHosts.Retry, "Stream__Lifetime=00:00:01", storage.Setting);
        await using var reading = await client.OpenAsync(host.BaseAddress, $"events/{Topic}?from=start");
        var ids = new List<string> { await Hosts.LongRetry.Client.PublishAsync(Topic, "0") };
        await reading.ReadEventsAsync(1);
        storage.Intercept = call =>
        {
            call.Reset();
            return Task.CompletedTask;
        };
        var other = TopicApi.NewTopic(); // of which this host knows nothing
        await using var beginning = await client.OpenAsync(host.BaseAddress, $"events/{other}?from=start");
        ids.AddRange(await Hosts.LongRetry.Client.PublishAllAsync(Topic, "1", "2"));
        var otherId = await Hosts.LongRetry.Client.PublishAsync(other, "0");
        await reading.WaitUntilOpenedAgainAsync(Connections);
        await beginning.WaitUntilOpenedAsync(Connections);
        Assert.Single(await reading.ReadEventsAsync(1));
        Assert.Empty(await beginning.ReadEventsAsync(0));

        storage.Intercept = null;

        Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), await reading.ReadEventsAsync(3));
        Assert.Equal([new(otherId, "message", "0")], await beginning.ReadEventsAsync(1));
        foreach (var source in (RecordedEventSource[])[reading, beginning])
        {
            await source.CloseAsync();
            Assert.DoesNotContain(source.Steps, step => step.State == EventSourceState.Closed);
            Assert.All((await source.RequestsAsync()).SkipLast(1), request => Assert.Equal(200, request.Status));
        }
    }

    [SkippableFact]
    public async Task Client_stays_and_gets_every_event_when_too_many_streams_are_open()
    {
        SkipIfNotHere();
        await using var host = await TestHost.StartOnAsync(Hosts.Table, "Stream__Retry=00:00:00.010", "Stream__MaxStreams=1");
        await using var only = await SseStream.OpenAsync(host.Client, $"events/{TopicApi.NewTopic()}");
        await using var source = await client.OpenAsync(host.BaseAddress, $"events/{Topic}?from=start");
        await source.WaitUntilOpenedAsync(2);
        var ids = (await Hosts.LongRetry.Client.PublishAllAsync(Topic, "0", "1")).ToList();
        await source.ReadEventsAsync(2);
        await source.WaitUntilReconnectingAsync();
        ids.AddRange(await host.Client.PublishAllAsync(Topic, "2"));

        Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), await source.ReadEventsAsync(3));

        await source.CloseAsync();
        Assert.DoesNotContain(source.Steps, step => step.State == EventSourceState.Closed);
        Assert.All((await source.RequestsAsync()).SkipLast(1), request => Assert.Equal(200, request.Status));
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        using var timeout = new CancellationTokenSource(SseStream.Timeout);
        while (!await condition())
            await timer.WaitForNextTickAsync(timeout.Token);
    }
}
