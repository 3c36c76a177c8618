using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

public sealed class FirstUseTests
{
    [Fact]
    public async Task Reads_find_nothing_and_make_nothing_when_the_table_is_missing()
    {
        var table = await LogTable.NewAsync();
        var log = table.Log();

        Assert.Null(await log.HeadAsync());
        Assert.Empty(await log.ReadAsync(Orders, "epoch1", 1, 10, CancellationToken.None));
        Assert.Empty(await TopicsAsync(log));
        Assert.Equal(0, await table.Trimmer().TrimAsync(maxEvents: 0));
        await log.PingAsync(CancellationToken.None);

        Assert.True((await table.Client().CreateIfNotExistsAsync()) is not null); // null: it was there
    }

    [Fact]
    public async Task Reads_find_nothing_when_the_topic_is_missing()
    {
        var table = await LogTable.NewAsync();
        var log = table.Log();
        await log.AppendTextsAsync("a");
        var missing = Topic.Parse("missing");

        Assert.Null(await log.HeadAsync(missing));
        Assert.Empty(await log.ReadAsync(missing, "epoch1", 1, 10, CancellationToken.None));
        Assert.Equal(0, await table.Trimmer().TrimAsync(maxEvents: 0, entry: Entry(missing)));
        Assert.Equal([Orders], await TopicsAsync(log));
    }

    [Fact]
    public async Task AppendAsync_makes_the_table_and_lists_the_topic_when_it_is_the_first()
    {
        var table = await LogTable.NewAsync();

        var result = await table.Log().AppendTextsAsync("a", "b");

        Assert.Equal((AppendOutcome.Appended, 1, 2), (result.Outcome, result.First, result.Last));
        Assert.NotEqual(EventId.Start.Epoch, result.Epoch);
        Assert.True(EventId.TryParse(result.Ids.First().ToString(), out _));
        Assert.Equal([Orders], await TopicsAsync(table.Log()));
        Assert.Equal(["a", "b"], await table.Log().ReadTextsAsync());
    }

    /// <summary>Else retention would never find a topic whose first writer died between the two.</summary>
    [Fact]
    public async Task AppendAsync_lists_the_topic_before_its_head_when_it_is_the_first()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var listedBefore = new List<Topic>();
        proxy.Intercept = Faults.OnTransactions(Faults.Before(async () => listedBefore.AddRange(await TopicsAsync(table.Log())), StorageProxy.PassOnAsync));

        await table.Through(proxy).Log().AppendTextsAsync("a");

        Assert.Equal([Orders], listedBefore);
    }

    [Fact]
    public async Task AppendAsync_begins_one_log_when_instances_append_first_at_once()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        AppendResult? others = null;
        // Between the read that found no head and the write of the first one.
        proxy.Intercept = Faults.OnTransactions(Faults.Before(async () => others = await table.Log().AppendTextsAsync("other"), StorageProxy.PassOnAsync));

        var result = await table.Through(proxy).Log(new PassingTime()).AppendTextsAsync("a");

        Assert.Equal(new AppendResult(AppendOutcome.Appended, others!.Epoch, 2, 2), result);
        Assert.Equal(["other", "a"], await table.Log().ReadTextsAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AppendAsync_begins_a_new_epoch_when_the_table_was_deleted(bool anotherBegins)
    {
        var table = await LogTable.NewAsync();
        var log = table.Log(new PassingTime());
        await log.AppendTextsAsync("old 1", "old 2"); // it now knows a head that is gone
        var old = await log.HeadAsync();
        await table.Client().DeleteAsync();
        if (anotherBegins)
            await table.Log().AppendTextsAsync("other");

        var result = await log.AppendTextsAsync("a");

        var head = await table.Log().HeadAsync();
        Assert.NotEqual(old!.Epoch, result.Epoch);
        Assert.Equal(head!.Epoch, result.Epoch);
        Assert.Equal([.. anotherBegins ? (string[])["other"] : [], "a"], await table.Log().ReadTextsAsync());
        Assert.Equal([Orders], await TopicsAsync(log));
        Assert.Empty(await log.ReadAsync(Orders, old.Epoch, 1, 2, CancellationToken.None));
    }

    /// <summary>Azure takes its time to delete a table, and until then refuses to make it again: a fault that passes.</summary>
    [Fact]
    public async Task AppendAsync_waits_and_begins_anew_when_the_table_is_being_deleted()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var log = table.Through(proxy).Log(new PassingTime());
        var refused = 0;
        proxy.Intercept = call => call.Method == "POST" && call.PathAndQuery.Contains("/Tables", StringComparison.Ordinal) && ++refused <= 3
            ? StorageErrors.ReplyAsync(call, 409, "TableBeingDeleted")
            : StorageProxy.PassOnAsync(call);

        var result = await log.AppendTextsAsync("a");

        Assert.Equal((4, 1), (refused, result.First));
        Assert.Equal(["a"], await table.Log().ReadTextsAsync());
    }

    private static async Task<List<Topic>> TopicsAsync(TableEventLog log)
    {
        var topics = new List<Topic>();
        await foreach (var topic in log.TopicsAsync(CancellationToken.None))
            topics.Add(topic);

        return topics;
    }
}
