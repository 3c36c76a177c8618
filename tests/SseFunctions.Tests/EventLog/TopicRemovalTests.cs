using Azure.Data.Tables;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

/// <summary>Promise 10, a topic leaves nothing behind; and whatever a publisher does meanwhile, no event is lost and no log is without its entry in the list.</summary>
public sealed class TopicRemovalTests : IAsyncLifetime
{
    private static readonly RetentionOptions Retention = new() { MaxAge = TimeSpan.FromDays(1) };
    private static readonly TimeSpan Later = TimeSpan.FromDays(2);
    private StorageProxy proxy = null!;
    private LogTable table = null!;

    public async Task InitializeAsync() => (proxy, table) = (await StorageProxy.StartAsync(), await LogTable.NewAsync());

    public async Task DisposeAsync() => await proxy.DisposeAsync();

    [Fact]
    public async Task An_expired_topic_goes_with_all_its_rows_and_begins_anew_when_somebody_publishes()
    {
        var log = table.Log(new PassingTime());
        var old = await log.AppendOnceAsync("key", "a", "b");

        await SweepAsync(Later);

        Assert.Empty(await table.RowKeysAsync(Orders.Name));
        Assert.Empty(await table.RowKeysAsync(TopicRows.Partition));
        var result = await log.AppendOnceAsync("key", "c"); // it knows a head that is gone
        Assert.Equal((AppendOutcome.Appended, 1), (result.Outcome, result.First));
        Assert.NotEqual(old.Epoch, result.Epoch);
        Assert.Equal(["c"], await table.Log().ReadTextsAsync());
        Assert.NotNull(await table.EntryAsync(Orders));
    }

    [Fact]
    public async Task A_topic_stays_while_it_has_an_event_or_was_written_to_not_long_ago()
    {
        await table.Log().AppendTextsAsync("a", "b");

        await SweepAsync(TimeSpan.FromHours(23));
        Assert.Equal(["a", "b"], await table.Log().ReadTextsAsync());

        await table.Trimmer().TrimAsync(maxEvents: 0);
        await SweepAsync(TimeSpan.FromHours(23));
        Assert.Equal((3, 2), (await table.Log().HeadAsync()) is var head ? (head!.First, head.Last) : default);
        Assert.NotNull(await table.EntryAsync(Orders));
    }

    /// <summary>Retention itself writes the head: that must not count as use.</summary>
    [Fact]
    public async Task An_expired_topic_goes_by_the_time_of_its_last_publisher_when_retention_has_written_since()
    {
        await table.Log().AppendTextsAsync("a", "b");
        await table.Trimmer().TrimAsync(maxEvents: 1);
        var trimmedAt = (await table.Client().GetEntityAsync<TableEntity>(Orders.Name, LogRows.HeadKey)).Value.Timestamp;

        var (removed, isGone) = await table.Trimmer().TrimAsync(Entry(Orders), trimmedAt!.Value + Retention.MaxAge, Retention, CancellationToken.None);

        Assert.Equal((1, true), (removed, isGone));
        Assert.Empty(await table.RowKeysAsync(Orders.Name));
    }

    public enum Moment
    {
        BeforeFirstMoves,
        BeforeEventsGo,
        BeforeHeadGoes,
    }

    [Theory]
    [InlineData(Moment.BeforeFirstMoves)]
    [InlineData(Moment.BeforeEventsGo)]
    [InlineData(Moment.BeforeHeadGoes)]
    public async Task A_publisher_that_writes_while_its_topic_expires_loses_nothing(Moment moment)
    {
        var log = table.Log(new PassingTime());
        await log.AppendTextsAsync("a", "b");
        AppendResult? result = null;
        proxy.Intercept = async call =>
        {
            if (result is null && Next(call) == moment)
                result = await log.AppendTextsAsync("c");

            await PassOnLaterAsync(call, Later);
        };

        await SweepThroughAsync();

        Assert.Equal((AppendOutcome.Appended, 3), (result!.Outcome, result.First));
        if (moment == Moment.BeforeFirstMoves)
        {
            // By this run's clock it is as old as the others.
            Assert.Equal((AppendOutcome.Appended, 1), (await log.AppendTextsAsync("d")) is var next ? (next.Outcome, next.First) : default);
        }
        else
        {
            Assert.Equal(["c"], await table.Log().ReadTextsAsync());
        }

        await AssertListedAsync();

        static Moment? Next(StorageCall call) => call.IsTransaction ? Moment.BeforeEventsGo
            : call.Method == "DELETE" ? Moment.BeforeHeadGoes
            : call.Method is "MERGE" or "PATCH" ? Moment.BeforeFirstMoves
            : null;
    }

    [Fact]
    public async Task A_writer_that_registers_the_topic_just_before_its_entry_goes_keeps_it_in_the_list()
    {
        var log = table.Log(new PassingTime());
        await log.AppendTextsAsync("a");
        AppendResult? result = null;
        proxy.Intercept = async call =>
        {
            if (call.Method == "DELETE" && Uri.UnescapeDataString(call.PathAndQuery).Contains(TopicRows.Partition, StringComparison.Ordinal))
                result = await table.Log().AppendTextsAsync("b");

            await PassOnLaterAsync(call, Later);
        };

        await SweepThroughAsync();

        Assert.Equal(1, result!.First);
        Assert.Equal(["b"], await table.Log().ReadTextsAsync());
        await AssertListedAsync();
    }

    /// <summary>Its events were acknowledged after the log that was to go had gone.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_log_that_begins_while_the_one_before_it_is_deleted_stays(bool isAnswerLost)
    {
        await table.Log().AppendTextsAsync("a");
        AppendResult? result = null;
        proxy.Intercept = async call =>
        {
            if (result is not null || call.Method != "DELETE")
            {
                await StorageProxy.PassOnAsync(call);
                return;
            }

            using var answer = await call.ForwardAsync();
            result = await table.Log().AppendTextsAsync("b");
            if (isAnswerLost)
                call.Reset();
            else
                await call.ReplyAsync(answer);
        };

        Assert.True(await table.Through(proxy).Log(new PassingTime()).DeleteTopicAsync(Orders, CancellationToken.None).WaitAsync(SseStream.Timeout));

        Assert.Equal(1, result!.First);
        Assert.Equal(["b"], await table.Log().ReadTextsAsync());
        await AssertListedAsync();
    }

    /// <summary>Between a writer's registration and its head there is no log: the entry must stay.</summary>
    [Fact]
    public async Task A_writer_between_its_registration_and_its_head_keeps_the_topic_in_the_list()
    {
        proxy.Intercept = Faults.OnTransactions(Faults.Before(() => SweepAsync(TopicTrimmer.EntryGrace - TimeSpan.FromMinutes(1)), StorageProxy.PassOnAsync));

        await table.Through(proxy).Log().AppendTextsAsync("a");

        await AssertListedAsync();
    }

    [Fact]
    public async Task An_entry_without_a_log_goes_after_its_time()
    {
        await table.Log().AppendTextsAsync("a");
        await table.Log().DeleteTopicAsync(Orders, CancellationToken.None);
        Assert.NotNull(await table.EntryAsync(Orders));

        await SweepAsync(TopicTrimmer.EntryGrace + TimeSpan.FromMinutes(1));

        Assert.Null(await table.EntryAsync(Orders));
    }

    /// <summary>Retention may be set long before the first event.</summary>
    [Fact]
    public async Task An_entry_with_settings_and_without_a_log_goes_after_its_maximum_age()
    {
        await table.Log().SetRetentionAsync(Orders, new TopicRetention(MaxEvents: 5), CancellationToken.None);

        await SweepAsync(TimeSpan.FromHours(23));
        Assert.Equal(5, (await table.EntryAsync(Orders))!.Retention.MaxEvents);

        await SweepAsync(Later);
        Assert.Null(await table.EntryAsync(Orders));
    }

    /// <summary>A head whose deletion got no answer is gone: the next run finishes.</summary>
    [Fact]
    public async Task The_next_run_finishes_when_a_run_died_after_the_head_went()
    {
        await table.Log().AppendTextsAsync("a");
        proxy.Intercept = async call =>
        {
            if (call.Method == "DELETE" && Uri.UnescapeDataString(call.PathAndQuery).Contains(TopicRows.Partition, StringComparison.Ordinal))
                call.Reply(403);
            else
                await PassOnLaterAsync(call, Later);
        };
        await SweepThroughAsync();
        Assert.NotNull(await table.EntryAsync(Orders));

        await SweepAsync(Later);

        Assert.Null(await table.EntryAsync(Orders));
    }

    /// <summary>A key goes in one transaction with its append's last event; one that is gone already must not stop that for ever.</summary>
    [Fact]
    public async Task TrimAsync_deletes_events_when_the_row_of_their_key_is_missing()
    {
        await table.Log().AppendOnceAsync("key", "a", "b");
        await table.Log().AppendOnceAsync("other", "c");
        await table.Client().DeleteEntityAsync(Orders.Name, LogRows.KeyOf("key"));

        await table.Trimmer(new PassingTime()).TrimAsync(maxEvents: 0);

        Assert.Equal([LogRows.HeadKey], await table.RowKeysAsync(Orders.Name));
    }

    /// <summary>A run of retention after that time.</summary>
    private async Task SweepAsync(TimeSpan later)
    {
        await using var own = await StorageProxy.StartAsync();
        own.Intercept = call => PassOnLaterAsync(call, later);
        await table.Through(own).Sweep(Retention, new PassingTime()).RunAsync(CancellationToken.None).WaitAsync(SseStream.Timeout);
    }

    private Task SweepThroughAsync() => table.Through(proxy).Sweep(Retention, new PassingTime()).RunAsync(CancellationToken.None).WaitAsync(SseStream.Timeout);

    /// <summary>The table's clock is ahead, so that a sweep takes what is there for that much older.</summary>
    private static async Task PassOnLaterAsync(StorageCall call, TimeSpan later)
    {
        using var answer = await call.ForwardAsync();
        answer.Headers.Date += later;
        await call.ReplyAsync(answer);
    }

    private async Task AssertListedAsync()
    {
        Assert.NotNull(await table.Log().HeadAsync());
        Assert.NotNull(await table.EntryAsync(Orders));
    }
}
