using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

public sealed class TrimTests
{
    [Theory]
    [InlineData(10, 4, 7)]
    [InlineData(10, 1, 10)]
    [InlineData(10, 9, 2)]
    [InlineData(10, 10, 1)] // as many as allowed
    [InlineData(10, 11, 1)]
    [InlineData(10, long.MaxValue, 1)]
    [InlineData(10, 0, 11)] // all
    [InlineData(250, 3, 248)] // more deletes than a transaction holds
    [InlineData(1100, 2, 1099)] // and more than a page of a query
    public async Task TrimAsync_keeps_the_newest_events_when_there_are_too_many(int count, long maxEvents, long expectedFirst)
    {
        var table = await LogTable.NewAsync();
        var log = table.Log();
        await log.FillAsync(Texts(count));
        var before = await log.HeadAsync();

        var removed = await table.Trimmer().TrimAsync(maxEvents);

        var head = await log.HeadAsync();
        Assert.Equal(expectedFirst - 1, removed);
        Assert.Equal(before! with { First = expectedFirst, ETag = head!.ETag }, head);
        Assert.Equal(Sequences(expectedFirst, count), await table.EventRowsAsync(Orders));
        Assert.Equal(Texts(count).Skip((int)expectedFirst - 1), await log.ReadTextsAsync());
    }

    /// <summary>Each event is the border once: the search must find it wherever it is.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public async Task TrimAsync_keeps_what_is_young_enough_when_events_differ_in_age(long oldestKept)
    {
        var table = await LogTable.NewAsync();
        var log = table.Log();
        foreach (var text in Texts(7))
            await log.AppendTextsAsync(text);

        var removed = await table.Trimmer().TrimAsync(maxEvents: 100, await table.TimestampAsync(Orders, oldestKept));

        Assert.Equal(oldestKept - 1, removed);
        Assert.Equal(Sequences(oldestKept, 7), await table.EventRowsAsync(Orders));
        Assert.Equal(Texts(7).Skip((int)oldestKept - 1), await log.ReadTextsAsync());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(99)]
    public async Task TrimAsync_removes_all_events_when_all_are_too_old(int count)
    {
        var table = await LogTable.NewAsync();
        var log = table.Log();
        await log.FillAsync(Texts(count));
        var epoch = (await log.HeadAsync())!.Epoch;

        var removed = await table.Trimmer().TrimAsync(maxEvents: 1000, DateTimeOffset.UtcNow + TimeSpan.FromHours(1));

        Assert.Equal(count, removed);
        Assert.Empty(await table.RowKeysAsync(Orders.Name)); // nobody has written to it for as long either
        var next = await log.AppendTextsAsync("next");
        Assert.Equal((1, false), (next.First, next.Epoch == epoch));
        Assert.Equal(["next"], await log.ReadTextsAsync());
    }

    /// <summary>A writer's clock may be wrong; the table's is the one that counts.</summary>
    [Fact]
    public async Task TrimAsync_keeps_young_events_when_the_writers_clock_is_behind()
    {
        var table = await LogTable.NewAsync();
        var behind = new PassingTime();
        behind.AdjustTime(DateTimeOffset.UtcNow - TimeSpan.FromDays(10));
        await table.Log(behind).AppendTextsAsync("a");

        Assert.Equal(0, await table.Trimmer().TrimAsync(maxEvents: 10, DateTimeOffset.UtcNow - TimeSpan.FromHours(1)));
        Assert.Equal(["a"], await table.Log().ReadTextsAsync());
    }

    [Theory]
    [InlineData(2, 5)]
    [InlineData(5, 4)] // the age removes more
    public async Task TrimAsync_removes_what_passes_either_limit_when_both_are_passed(long maxEvents, long expectedFirst)
    {
        var table = await LogTable.NewAsync();
        var log = table.Log();
        foreach (var text in Texts(6))
            await log.AppendTextsAsync(text);

        await table.Trimmer().TrimAsync(maxEvents, await table.TimestampAsync(Orders, 4));

        Assert.Equal(Sequences(expectedFirst, 6), await table.EventRowsAsync(Orders));
    }

    [Fact]
    public async Task TrimAsync_asks_little_and_writes_nothing_when_there_is_nothing_to_do()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        await table.Log().FillAsync(Texts(150));

        Assert.Equal(0, await table.Through(proxy).Trimmer().TrimAsync(maxEvents: 150));
        Assert.Equal((2, 0), (proxy.Reads, proxy.Writes)); // the head and the oldest event

        await table.Trimmer().TrimAsync(maxEvents: 100);
        var entry = await table.EntryAsync(Orders);
        Assert.Equal(0, await table.Through(proxy).Trimmer().TrimAsync(maxEvents: 100, entry: entry));
        Assert.Equal((4, 0), (proxy.Reads, proxy.Writes)); // the entry says that the rows before are gone
    }

    /// <summary>The topic was deleted and began anew since: the note is of another log.</summary>
    [Fact]
    public async Task TrimAsync_deletes_rows_whatever_an_earlier_log_has_noted()
    {
        var table = await LogTable.NewAsync();
        var log = table.Log();
        await log.FillAsync(Texts(20));
        await table.Trimmer().TrimAsync(maxEvents: 5, entry: await table.EntryAsync(Orders));
        Assert.Equal(15, (await table.EntryAsync(Orders))!.Cleared.Sequence);
        await table.Client().DeleteEntityAsync(Orders.Name, LogRows.HeadKey);
        foreach (var sequence in Sequences(16, 20))
            await table.Client().DeleteEntityAsync(Orders.Name, LogRows.EventKey(sequence));

        await table.Log().FillAsync(Texts(6));
        await table.Trimmer().TrimAsync(maxEvents: 2, entry: await table.EntryAsync(Orders));

        Assert.Equal(Sequences(5, 6), await table.EventRowsAsync(Orders));
    }

    [Fact]
    public async Task TrimAsync_asks_for_few_events_when_it_looks_for_the_oldest_to_keep()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        await table.Log().FillAsync(Texts(500));
        var pointReads = 0;
        proxy.Intercept = call =>
        {
            pointReads += call.Method == "GET" && !call.IsQuery ? 1 : 0;
            return StorageProxy.PassOnAsync(call);
        };

        Assert.InRange(await table.Through(proxy).Trimmer().TrimAsync(maxEvents: 500, await table.TimestampAsync(Orders, 400)), 300, 399); // those of one append are of one age
        Assert.InRange(pointReads, 3, 2 + 9); // the head, the oldest, and a binary search of 500
        pointReads = 0;

        await table.Through(proxy).Trimmer().TrimAsync(maxEvents: 500, DateTimeOffset.UtcNow + TimeSpan.FromHours(1));
        Assert.Equal(1, pointReads); // of a topic that has expired, the head alone
    }

    [Fact]
    public async Task TrimAsync_forgets_the_keys_of_removed_events_when_it_trims()
    {
        var table = await LogTable.NewAsync();
        var log = table.Log();
        await log.AppendOnceAsync("gone", "1", "2");
        await log.AppendOnceAsync("partly gone", "3", "4", "5");
        await log.AppendOnceAsync("kept", "6");

        await table.Trimmer().TrimAsync(maxEvents: 2);

        string[] keys = [LogRows.KeyOf("partly gone"), LogRows.KeyOf("kept")];
        Assert.Equal(keys.Order(StringComparer.Ordinal), (await table.RowKeysAsync(Orders.Name)).Where(key => key.StartsWith(LogRows.KeyPrefix, StringComparison.Ordinal)));
        Assert.Equal((AppendOutcome.Repeated, 3, 5), Key(await log.AppendOnceAsync("partly gone", "3", "4", "5")));
        Assert.Equal((AppendOutcome.Repeated, 6, 6), Key(await log.AppendOnceAsync("kept", "6")));
        Assert.Equal((AppendOutcome.Appended, 7, 7), Key(await log.AppendOnceAsync("gone", "7")));

        static (AppendOutcome, long, long) Key(AppendResult result) => (result.Outcome, result.First, result.Last);
    }

    [Fact]
    public async Task TrimAsync_leaves_other_topics_alone_when_their_names_are_near()
    {
        var table = await LogTable.NewAsync();
        var log = table.Log();
        Topic[] near = [Topic.Parse("order"), Topic.Parse("orders1"), Topic.Parse("Orders")];
        foreach (var topic in (Topic[])[.. near, Orders])
            await log.AppendAsync(topic, [.. Texts(3).Select(Event)], "key", CancellationToken.None);

        await table.Trimmer().TrimAsync(maxEvents: 0);

        Assert.Empty(await log.ReadTextsAsync());
        foreach (var topic in near)
        {
            Assert.Equal(Texts(3), await log.ReadTextsAsync(topic));
            Assert.Contains(LogRows.KeyOf("key"), await table.RowKeysAsync(topic.Name));
        }
    }

    [Fact]
    public async Task TrimAsync_leaves_the_end_of_a_topic_when_it_is_complete()
    {
        var table = await LogTable.NewAsync();
        var log = table.Log();
        await log.AppendTextsAsync("a", "b");
        await log.CompleteAsync();

        Assert.Equal(2, await table.Trimmer().TrimAsync(maxEvents: 0));

        var head = await log.HeadAsync();
        Assert.Equal((3, 2, 0, true), (head!.First, head.Last, head.Count, head.Complete));
        Assert.Equal(AppendOutcome.TopicComplete, (await log.AppendTextsAsync("c")).Outcome);
        Assert.Equal(0, await table.Trimmer().TrimAsync(maxEvents: 0));
    }
}
