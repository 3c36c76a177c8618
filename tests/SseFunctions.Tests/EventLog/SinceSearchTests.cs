using Azure.Data.Tables;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.EventLog;

/// <summary>A time is a place in the log by the table's clock, found with few requests.</summary>
public sealed class SinceSearchTests
{
    private static readonly Topic Topic = Topic.Parse("a");

    /// <summary>More than one query's rows, so that the search must halve.</summary>
    [Fact]
    public async Task Find_gives_the_first_event_that_is_not_older_for_every_time_in_the_log()
    {
        var table = await LogTable.NewAsync();
        var log = table.Log();
        var events = Enumerable.Repeat(new NewEvent(null, "x"u8.ToArray()), 97).ToArray();
        for (var i = 0; i < 8; i++)
            await log.AppendAsync(Topic, events, null, CancellationToken.None);

        var head = (await log.ReadHeadAsync(Topic, CancellationToken.None))!;
        var stamps = new List<DateTimeOffset>();
        await foreach (var row in table.Client().QueryAsync<TableEntity>(LogRows.EventRange(Topic, 1, long.MaxValue)))
            stamps.Add(row.Timestamp!.Value);

        Assert.Equal(head.Last, stamps.Count);
        foreach (var stamp in stamps.Where((_, i) => i % 40 == 0))
        {
            Assert.Equal(Expected(stamp), await FindAsync(stamp));
            Assert.Equal(Expected(stamp.AddTicks(1)), await FindAsync(stamp.AddTicks(1)));
        }

        Assert.Equal(new EventId(head.Epoch, 0), await FindAsync(DateTimeOffset.UnixEpoch));
        Assert.Equal(head.LastId, await FindAsync(DateTimeOffset.UtcNow.AddDays(1)));

        Task<EventId> FindAsync(DateTimeOffset time) => log.FindAsync(Topic, new Since(time, null), CancellationToken.None);

        EventId Expected(DateTimeOffset time) => stamps.FindIndex(stamp => stamp >= time) is >= 0 and var index ? new(head.Epoch, index) : head.LastId;
    }

    [Fact]
    public async Task Find_takes_no_more_requests_for_a_log_sixteen_times_as_long_than_four_more()
    {
        await using var storage = await StorageProxy.StartAsync();
        var table = (await LogTable.NewAsync()).Through(storage);
        var log = table.Log();
        var events = Enumerable.Repeat(new NewEvent(null, "x"u8.ToArray()), AppendLimits.MaxEvents).ToArray();
        for (var i = 0; i < 21; i++) // 2,058: 128 of them four times halved
            await log.AppendAsync(Topic, events, null, CancellationToken.None);

        var before = storage.Reads;
        await log.FindAsync(Topic, new Since(await table.TimestampAsync(Topic, 1_000), null), CancellationToken.None);

        Assert.InRange(storage.Reads - before, 3, 1 + 1 + 1 + 5 + 1); // the test's own, the head, the oldest, halves, a query
    }

    /// <summary>A clock of this process may have jumped.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 2)]
    public async Task Find_counts_an_age_back_from_the_storage_services_time(int days, int found)
    {
        await using var storage = await StorageProxy.StartAsync();
        var table = (await LogTable.NewAsync()).Through(storage);
        var log = table.Log();
        await log.AppendAsync(Topic, [new NewEvent(null, default), new NewEvent(null, default)], null, CancellationToken.None);
        var head = (await log.ReadHeadAsync(Topic, CancellationToken.None))!;
        storage.Intercept = async call =>
        {
            using var answer = await call.ForwardAsync();
            answer.Headers.Date += TimeSpan.FromDays(2);
            await call.ReplyAsync(answer);
        };

        var place = await log.FindAsync(Topic, new Since(null, TimeSpan.FromDays(days)), CancellationToken.None);

        Assert.Equal(new EventId(head.Epoch, 2 - found), place);
    }

    [Fact]
    public async Task Find_goes_on_when_retention_removes_what_it_looks_for()
    {
        await using var storage = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var events = Enumerable.Repeat(new NewEvent(null, "x"u8.ToArray()), 90).ToArray();
        for (var i = 0; i < 4; i++)
            await table.Log().AppendAsync(Topic, events, null, CancellationToken.None);

        var log = table.Through(storage).Log();
        var head = (await log.ReadHeadAsync(Topic, CancellationToken.None))!;
        storage.Intercept = Faults.On(
            call => call.PathAndQuery.Contains("0000", StringComparison.Ordinal),
            Faults.Before(() => table.Trimmer().TrimAsync(10, entry: LogActions.Entry(Topic)), StorageProxy.PassOnAsync));

        var place = await log.FindAsync(Topic, new Since(DateTimeOffset.UnixEpoch, null), CancellationToken.None);

        Assert.Equal(new EventId(head.Epoch, 350), place);
    }

    [Fact]
    public async Task Find_gives_the_start_when_there_is_no_log() =>
        Assert.Equal(EventId.Start, await (await LogTable.NewAsync()).Log().FindAsync(Topic, new Since(DateTimeOffset.UnixEpoch, null), CancellationToken.None));
}
