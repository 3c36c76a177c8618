using Azure.Data.Tables;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.EventLog;
using SseFunctions.Streaming;
using SseFunctions.Tests.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

/// <summary>An event that one process publishes reaches the streams of another by the change feed, and without it by a look (promise 9).</summary>
public sealed class ChangeFeedTests
{
    /// <summary>Longer than any test lets time pass.</summary>
    private const string LongLifetime = "Stream:Lifetime=00:03:45";

    private static readonly TimeSpan PollInterval = new StreamOptions().PollInterval;

    /// <summary>The head cannot be read meanwhile: neither a look nor a reader brings the event.</summary>
    [Fact]
    public async Task Event_reaches_a_stream_of_another_process_by_its_hint_alone()
    {
        await using var proxy = await StorageProxy.StartAsync();
        await using var publisher = await TestHost.StartAsync();
        await publisher.PublishAsync("a", "0");
        var time = new PatientTime();
        await using var host = await TestHost.StartAsync([LongLifetime], time, proxy.ConnectionString, publisher.Table);
        await using var stream = await host.OpenLiveAsync("events/a");
        proxy.Intercept = call => IsHead(call) ? Faults.Refuse(500)(call) : StorageProxy.PassOnAsync(call);

        for (var i = 1; i <= 3; i++)
        {
            var ids = await publisher.PublishAsync("a", $"{i}");
            Assert.Equal(new(ids[0], "message", $"{i}"), await PassAsync(host, time, PollInterval, stream.ReadEventAsync()));
        }
    }

    /// <summary>Both write to the same topics at the same time. The reader cannot read heads meanwhile.</summary>
    [Fact]
    public async Task Events_of_two_processes_reach_a_third_by_their_hints_while_both_publish()
    {
        const int EventsEach = 30;
        string[] topics = ["a", "b", "c"];
        await using var proxy = await StorageProxy.StartAsync();
        await using var one = await TestHost.StartAsync();
        await using var two = await TestHost.StartAsync(table: one.Table);
        foreach (var topic in topics)
            await one.PublishAsync(topic, "0");

        var time = new PatientTime();
        await using var host = await TestHost.StartAsync([LongLifetime], time, proxy.ConnectionString, one.Table);
        var streams = await Task.WhenAll(topics.Select(topic => host.OpenLiveAsync($"events/{topic}")));
        proxy.Intercept = call => IsHead(call) ? Faults.Refuse(500)(call) : StorageProxy.PassOnAsync(call);

        var reading = Task.WhenAll(streams.Select(stream => stream.ReadEventsAsync(2 * EventsEach)));
        var publishing = (from publisher in (TestHost[])[one, two]
                          from topic in topics
                          select publisher.PublishAsync(topic, [.. Enumerable.Range(0, EventsEach).Select(i => $"{i}")])).ToList();
        var read = await PassAsync(host, time, PollInterval, reading);

        var published = (await Task.WhenAll(publishing)).SelectMany(ids => ids).ToHashSet();
        Assert.Equal(published, read.SelectMany(events => events).Select(message => message.Id).ToHashSet());
        foreach (var (events, stream) in read.Zip(streams))
        {
            Assert.Equal(Enumerable.Range(2, 2 * EventsEach).Select(i => (long)i), events.Select(message => EventId.TryParse(message.Id, out var id) ? id.Sequence : 0));
            await stream.DisposeAsync();
        }
    }

    /// <summary>Hints are not believed: what they announce is looked for, and nothing follows from its not being there.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Hint_ahead_of_its_commit_or_of_another_log_changes_nothing_for_a_stream(bool isOtherLog)
    {
        await using var proxy = await StorageProxy.StartAsync();
        await using var publisher = await TestHost.StartAsync();
        var first = await publisher.PublishAsync("a", "1");
        Assert.True(EventId.TryParse(first[0], out var id));
        var time = new PatientTime();
        await using var host = await TestHost.StartAsync([LongLifetime], time, proxy.ConnectionString, publisher.Table);
        await using var stream = await host.OpenLiveAsync("events/a");
        var headRead = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        proxy.Intercept = async call =>
        {
            await StorageProxy.PassOnAsync(call);
            if (IsHead(call))
                headRead.TrySetResult(true);
        };

        await PutHintAsync(publisher.Table, new TopicChange(Topic.Parse("a"), isOtherLog ? new EventId("other1", 1) : id with { Sequence = 5 }, HasEnded: false));
        await PassAsync(host, time, PollInterval, headRead.Task);
        var ids = await publisher.PublishAsync("a", "2", "3");
        var read = await PassAsync(host, time, PollInterval, stream.ReadEventsAsync(2));

        Assert.Equal([new(ids[0], "message", "2"), new(ids[1], "message", "3")], read);
    }

    /// <summary>As if the publisher had died between its commit and its hint; or as a version without the change feed does it all the time.</summary>
    [Fact]
    public async Task Event_without_a_hint_is_found_by_a_look_within_a_minute()
    {
        const int Steps = 12; // each less than the silence after which the change feed counts as lost
        var table = await LogTable.NewAsync();
        var log = table.Log();
        await log.AppendTextsAsync("0");
        await using var proxy = await StorageProxy.StartAsync();
        var time = new PollTimes(PollInterval);
        await using var host = await TestHost.StartAsync([LongLifetime, "Stream:Heartbeat=00:03:00"], time, proxy.ConnectionString, table.Name);
        await using var stream = await host.OpenLiveAsync($"events/{LogActions.Orders}");
        var looked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        proxy.Intercept = async call =>
        {
            await StorageProxy.PassOnAsync(call);
            if (IsHead(call))
                looked.TrySetResult();
        };

        await log.AppendTextsAsync("1");
        for (var step = 0; step < Steps; step++)
        {
            while (!time.IsPause)
                await table.Table().ReadClockAsync(CancellationToken.None); // a poll takes about as long

            time.Advance(HeadPoll.LookInterval / Steps);
        }

        await looked.Task.WaitAsync(SseStream.Timeout); // no more time passes
        var seen = time.GetTimestamp();
        var found = await PassAsync(host, time, PollInterval, stream.ReadEventAsync());
        Assert.Equal("1", found!.Data);
        Assert.InRange(time.GetElapsedTime(seen), TimeSpan.Zero, HeadPoll.LookInterval / 2); // by this look, not the next
    }

    [Fact]
    public async Task Completion_and_deletion_reach_streams_of_another_process_by_their_hints()
    {
        await using var publisher = await TestHost.StartAsync();
        await publisher.PublishAsync("a", "1");
        await publisher.PublishAsync("b", "1");
        var time = new PatientTime();
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync([LongLifetime], time, proxy.ConnectionString, publisher.Table);
        await using var completed = await host.OpenLiveAsync("events/a");
        await using var deleted = await host.OpenLiveAsync("events/b");

        using var answer = await publisher.Client.PostAsync("topics/a/complete", null);
        var frames = await PassAsync(host, time, PollInterval, completed.ReadToEndAsync());
        var log = (TableEventLog)publisher.Services.GetService(typeof(TableEventLog))!;
        var began = new TaskCompletionSource();
        proxy.Intercept = async call =>
        {
            if (IsHead(call)) // no look sees that there is no log
                await began.Task.WaitAsync(SseStream.Timeout);

            await StorageProxy.PassOnAsync(call);
        };
        await log.DeleteTopicAsync(Topic.Parse("b"), CancellationToken.None);
        var ids = await publisher.PublishAsync("b", "of another log");
        began.SetResult();
        var reset = await PassAsync(host, time, PollInterval, deleted.ReadEventAsync());

        Assert.Contains("the topic is complete", frames[^1], StringComparison.Ordinal);
        Assert.Equal("sse.reset", reset!.Type);
        Assert.Equal(new(ids[0], "message", "of another log"), await PassAsync(host, time, PollInterval, deleted.ReadEventAsync()));
    }

    [Fact]
    public async Task Publisher_does_not_wait_for_its_hint()
    {
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync(connectionString: proxy.ConnectionString);
        await host.PublishAsync("a", "makes the table");
        var (hanging, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        proxy.Intercept = async call =>
        {
            if (call.IsHint)
            {
                hanging.TrySetResult();
                await release.Task;
            }

            await StorageProxy.PassOnAsync(call);
        };

        await host.PublishAsync("a", "1");
        await hanging.Task.WaitAsync(SseStream.Timeout);
        await host.PublishAsync("a", "2", "3");

        release.SetResult();
    }

    [Fact]
    public async Task Process_without_streams_asks_nothing()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var time = new PatientTime();
        await using var other = await TestHost.StartAsync();
        await other.PublishAsync("a", "1");
        await using var host = await TestHost.StartAsync(time: time, connectionString: proxy.ConnectionString, table: other.Table);
        var requests = proxy.Reads + proxy.Writes;

        time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(requests, proxy.Reads + proxy.Writes);
    }

    /// <summary>As another process would write it.</summary>
    private static async Task PutHintAsync(string table, TopicChange change)
    {
        var row = new TableEntity(ChangeFeedRow.Partition, ChangeFeedRow.Key(DateTimeOffset.UtcNow, 0)) { [ChangeFeedRow.PagesOf("other")] = ChangeFeedRow.ToLine(1, change) };
        await new LogTable(await TestStorage.ConnectionStringAsync(), table).Client().UpsertEntityAsync(row);
    }

    internal static bool IsHead(StorageCall call) => call.Method == "GET" && Uri.UnescapeDataString(call.PathAndQuery).Contains("RowKey='!head'", StringComparison.Ordinal);

    internal static bool IsChangePoll(StorageCall call) => call.IsQuery && Uri.UnescapeDataString(call.PathAndQuery).Contains("!changes", StringComparison.Ordinal);

    /// <summary>Lets the time of a host pass in steps, with a request to the table between two of them, until something has come.</summary>
    internal static async Task<T> PassAsync<T>(TestHost host, FakeTimeProvider time, TimeSpan step, Task<T> awaited)
    {
        var table = new LogTable(await TestStorage.ConnectionStringAsync(), host.Table).Table();
        while (!awaited.IsCompleted)
        {
            time.Advance(step);
            await table.ReadClockAsync(CancellationToken.None);
        }

        return await awaited;
    }
}
