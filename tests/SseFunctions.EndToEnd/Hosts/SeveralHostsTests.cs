using System.Globalization;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Hosts;

/// <summary>Several hosts on one table, and hosts that are killed.</summary>
public sealed class SeveralHostsTests
{
    private readonly string table = TestStorage.NewTableName();
    private readonly string topic = TopicApi.NewTopic();

    [SkippableFact]
    public async Task Client_misses_and_repeats_nothing_when_its_host_is_killed_while_another_publishes()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        await using var publishing = await TestHost.StartOnAsync(table);
        await using var publisher = new SteadyPublisher(publishing.Client, topic);
        var client = new ReconnectingClient($"events/{topic}?from=start");
        var streaming = await LocalHostProcess.StartAsync(table);
        try
        {
            for (var kill = 0; kill < Thoroughness.Choose(brief: 1, full: 2); kill++)
            {
                var reading = client.ReadAsync(streaming.Client);
                await client.Received.ReachesAsync(client.Received.Count + 10);
                await streaming.KillAsync();
                await reading.WaitAsync(SseStream.Timeout);
                await publisher.Acknowledged.ReachesAsync(publisher.Acknowledged.Count + 10);
                await streaming.DisposeAsync();
                streaming = await streaming.StartAgainAsync();
            }

            var ids = await publisher.StopAsync();
            await client.ReadAsync(streaming.Client, enough: ids.Count).WaitAsync(SseStream.Timeout);

            Assert.Equal(ids.Select((id, i) => new SseMessage(id, "message", $"{i}")), client.Events);
            PublishedId.AssertConsecutive(ids);
        }
        finally
        {
            await streaming.DisposeAsync();
        }
    }

    [SkippableFact]
    public async Task Readers_of_both_hosts_see_the_same_ids_in_the_same_order_when_four_publishers_post_to_both()
    {
        const int Publishers = 4;
        var eventsEach = Thoroughness.Choose(brief: 30, full: 100);
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        await using var one = await TestHost.StartOnAsync(table, TestHost.LongLifetime);
        await using var two = await TestHost.StartOnAsync(table, TestHost.LongLifetime);
        TestHost[] hosts = [one, two];
        var reading = hosts.Select(host => ReadAsync(host, Publishers * eventsEach)).ToList();

        var acknowledged = (await Task.WhenAll(Enumerable.Range(0, Publishers).Select(PublishAsync))).SelectMany(events => events).ToList();

        var read = await Task.WhenAll(reading);
        Assert.Equal(read[0], read[1]);
        PublishedId.AssertConsecutive(read[0].Select(message => message.Id));
        Assert.Equal(1, PublishedId.Parse(read[0][0].Id).Sequence);
        Assert.Equal(
            acknowledged.OrderBy(message => message.Data, StringComparer.Ordinal),
            read[0].OrderBy(message => message.Data, StringComparer.Ordinal));
        for (var publisher = 0; publisher < Publishers; publisher++)
        {
            // Each waited for one acknowledgement before its next event.
            var own = read[0].Where(message => message.Data.StartsWith($"{publisher} ", StringComparison.Ordinal)).Select(message => message.Data);
            Assert.Equal(Enumerable.Range(0, eventsEach).Select(i => Text(publisher, i)), own);
        }

        Assert.Equal(Publishers * eventsEach, (await two.Client.GetTopicAsync(topic)).GetProperty("count").GetInt64());

        async Task<List<SseMessage>> PublishAsync(int publisher)
        {
            var events = new List<SseMessage>();
            for (var i = 0; i < eventsEach; i++)
            {
                var text = Text(publisher, i);
                events.Add(new SseMessage(await hosts[(publisher + i) % 2].Client.PublishAsync(topic, text), "message", text));
            }

            return events;
        }

        static string Text(int publisher, int i) => string.Create(CultureInfo.InvariantCulture, $"{publisher} {i:000}");
    }

    /// <summary>As a version without the change feed publishes: the reader looks at the topic within a minute, and then keeps an eye on it.</summary>
    [SkippableFact]
    public async Task Reader_gets_the_events_of_a_host_that_announces_nothing()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.OnlyInFull);
        await using var proxy = await StorageProxy.StartAsync();
        var lost = 0;
        proxy.Intercept = call =>
        {
            if (!call.IsHint)
                return StorageProxy.PassOnAsync(call);

            Interlocked.Increment(ref lost);
            call.Reply(204);
            return Task.CompletedTask;
        };
        await using var publishing = await LocalHostProcess.StartAsync(table, proxy.Setting);
        await using var streaming = await LocalHostProcess.StartAsync(table, TestHost.LongLifetime); // the look may take a minute
        await publishing.Client.PublishAsync(topic, "0");
        await using var stream = await SseStream.OpenAsync(streaming.Client, $"events/{topic}?from=start");
        await stream.ReadEventsAsync(1);

        for (var i = 1; i <= 3; i++)
        {
            await publishing.Client.PublishAsync(topic, $"{i}");
            Assert.Equal($"{i}", (await stream.ReadEventsAsync(1))[0].Data);
        }

        Assert.NotEqual(0, lost);
    }

    [SkippableFact]
    public async Task Clock_writes_each_tick_once_when_two_hosts_run_it()
    {
        const string EverySecond = "ClockSchedule=* * * * * *";
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        await using var one = await LocalHostProcess.StartAsync(table, EverySecond);
        await using var stream = await SseStream.OpenAsync(one.Client, "events/clock?from=start");
        var ticks = new List<SseMessage>(await stream.ReadEventsAsync(1)); // so one writes ticks
        await using var two = await TestHost.StartOnAsync(table, EverySecond);
        ticks.AddRange(await stream.ReadEventsAsync(4));

        await one.KillAsync();
        await using var rest = await SseStream.OpenAsync(two.Client, "events/clock", ticks[^1].Id);
        ticks.AddRange(await rest.ReadEventsAsync(3)); // so two writes them as well

        PublishedId.AssertConsecutive(ticks.Select(tick => tick.Id));
        Assert.Equal(ticks.Count, ticks.DistinctBy(tick => tick.Data).Count()); // in any order: a host that is late may write an older tick after a newer one
    }

    /// <summary>Each reports its own state, in events of its own: a tick of one is no repeat of the other's.</summary>
    [SkippableFact]
    public async Task Runtime_tells_of_each_host_when_there_are_two()
    {
        const string EverySecond = "RuntimeSchedule=* * * * * *";
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        await using var one = await TestHost.StartOnAsync(table, EverySecond);
        await using var two = await TestHost.StartOnAsync(table, EverySecond);
        await using var stream = await SseStream.OpenAsync(one.Client, "events/runtime");

        var ticks = new Dictionary<string, HashSet<string>>();
        while (ticks.Count < 2 || !ticks.Values.First().Intersect(ticks.Values.Last()).Any()) // until they have reported the same tick
        {
            var state = JsonDocument.Parse((await stream.ReadEventAsync())!.Data).RootElement;
            var instance = state.GetProperty("instance").GetString()!;
            ticks.TryAdd(instance, []);
            ticks[instance].Add(state.GetProperty("time").GetString()!); // it may come twice: a run that comes late counts for the next tick
        }

        Assert.Equal(2, ticks.Count);
    }

    private async Task<IReadOnlyList<SseMessage>> ReadAsync(TestHost host, int count)
    {
        var client = new ReconnectingClient($"events/{topic}?from=start");
        await client.ReadAsync(host.Client, enough: count);
        return client.Events;
    }
}
