using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

public sealed class ReadTests
{
    [Theory]
    [InlineData(1, 5, 1, 5)]
    [InlineData(2, 4, 2, 4)]
    [InlineData(3, 3, 3, 3)]
    [InlineData(0, long.MaxValue, 1, 5)]
    [InlineData(5, 9, 5, 5)]
    [InlineData(6, 9, 6, 5)]
    [InlineData(4, 3, 4, 3)]
    public async Task ReadAsync_gives_the_range_when_it_is_wholly_partly_or_not_in_the_log(long first, long last, long expectedFirst, long expectedLast)
    {
        var log = (await LogTable.NewAsync()).Log();
        var epoch = (await log.AppendOnceAsync("key", Texts(5))).Epoch;

        var events = await log.ReadAsync(Orders, epoch, first, last, CancellationToken.None);

        Assert.Equal(Sequences(expectedFirst, expectedLast).Select(sequence => (sequence, $"e{sequence}")), events.Select(e => (e.Sequence, TextOf(e))));
    }

    /// <summary>Row keys are texts: 9 must come before 10, and 99 before 100.</summary>
    [Fact]
    public async Task ReadAsync_sorts_by_number_when_sequences_differ_in_length()
    {
        var log = (await LogTable.NewAsync()).Log();
        await log.FillAsync(Texts(120));

        var events = await log.ReadAsync(Orders, (await log.HeadAsync())!.Epoch, 9, 101, CancellationToken.None);

        Assert.Equal(Sequences(9, 101), events.Select(e => e.Sequence));
    }

    [Fact]
    public async Task ReadAsync_gives_nothing_when_the_rows_are_of_another_epoch()
    {
        var log = (await LogTable.NewAsync()).Log();
        var epoch = (await log.AppendTextsAsync("a", "b")).Epoch;

        Assert.Empty(await log.ReadAsync(Orders, "0000", 1, 2, CancellationToken.None));
        Assert.Empty(await log.ReadAsync(Orders, epoch[..5], 1, 2, CancellationToken.None)); // a beginning of it is not it
        Assert.Equal(2, (await log.ReadAsync(Orders, epoch, 1, 2, CancellationToken.None)).Count);
    }

    [Fact]
    public async Task ReadAsync_follows_the_tables_own_pages_when_there_are_more_than_1000_events()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        await table.Log().FillAsync(Texts(1500));
        var head = await table.Log().HeadAsync();

        var events = await table.Through(proxy).Log().ReadAsync(Orders, head!.Epoch, 1, 1500, CancellationToken.None);

        Assert.Equal(Texts(1500), events.Select(TextOf));
        Assert.Equal(2, proxy.Reads);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(9)]
    public async Task ReadAsync_gives_all_events_when_they_come_in_small_pages(int rows)
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var epoch = (await table.Log().AppendTextsAsync(Texts(10))).Epoch;
        proxy.Intercept = call => call.IsQuery ? Paging.InPagesOf(rows)(call) : StorageProxy.PassOnAsync(call);

        var events = await table.Through(proxy).Log().ReadAsync(Orders, epoch, 1, 10, CancellationToken.None);

        Assert.Equal(Texts(10), events.Select(TextOf));
        Assert.Equal((10 + rows - 1) / rows, proxy.Reads);
    }

    [Fact]
    public async Task ReadAsync_gives_all_events_when_pages_are_empty_but_have_a_token()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var epoch = (await table.Log().AppendTextsAsync(Texts(10))).Epoch;
        var (first, fifth) = (LogRows.EventKey(1), LogRows.EventKey(5));
        proxy.Intercept = Faults.On(
            call => call.IsQuery,
            Paging.EmptyBefore(Orders.Name, first),
            Paging.EmptyBefore(Orders.Name, first),
            Paging.InPagesOf(4),
            Paging.EmptyBefore(Orders.Name, fifth));

        var events = await table.Through(proxy).Log().ReadAsync(Orders, epoch, 1, 10, CancellationToken.None);

        Assert.Equal(Texts(10), events.Select(TextOf));
        Assert.Equal(5, proxy.Reads);
    }

    /// <summary>Each page sees the table as it is then. What is given may begin late, never go on after a hole.</summary>
    [Theory]
    [InlineData(25, 1, 30)] // only rows already read have gone
    [InlineData(20, 1, 30)]
    [InlineData(19, 12, 30)] // and one that was not
    [InlineData(1, 30, 30)]
    [InlineData(0, 1, 10)] // nothing is left after the first page
    public async Task ReadAsync_gives_no_hole_when_rows_are_trimmed_between_pages(int kept, long expectedFirst, long expectedLast)
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var epoch = (await table.Log().AppendTextsAsync(Texts(30))).Epoch;
        proxy.Intercept = Faults.On(
            call => call.IsQuery,
            Paging.InPagesOf(10),
            Faults.Before(() => table.Trimmer().TrimAsync(kept), StorageProxy.PassOnAsync));

        var events = await table.Through(proxy).Log().ReadAsync(Orders, epoch, 1, 30, CancellationToken.None);

        Assert.Equal(Sequences(expectedFirst, expectedLast).Select(sequence => (sequence, $"e{sequence}")), events.Select(e => (e.Sequence, TextOf(e))));
    }

    [Fact]
    public async Task ReadAsync_gives_nothing_when_the_log_begins_anew_between_pages()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var epoch = (await table.Log().AppendTextsAsync(Texts(20))).Epoch;
        proxy.Intercept = Faults.On(call => call.IsQuery, Paging.InPagesOf(10), Faults.Before(BeginAnewAsync, StorageProxy.PassOnAsync));

        var events = await table.Through(proxy).Log().ReadAsync(Orders, epoch, 1, 20, CancellationToken.None);

        Assert.Empty(events);

        async Task BeginAnewAsync()
        {
            await table.Client().DeleteAsync();
            await table.Log().AppendTextsAsync(Texts(20, "new"));
        }
    }

    [Fact]
    public async Task TopicsAsync_lists_each_topic_once_when_they_come_in_pages()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var log = table.Log();
        string[] names = ["a", "b", "c", "d.e", "f-1"];
        foreach (var name in names)
        {
            await log.AppendAsync(Topic.Parse(name), [Event("1")], null, CancellationToken.None);
            await log.AppendAsync(Topic.Parse(name), [Event("2")], null, CancellationToken.None);
        }

        proxy.Intercept = Faults.On(
            call => call.IsQuery,
            Paging.EmptyBefore(TopicRows.Partition, "a"),
            Paging.InPagesOf(2),
            Paging.InPagesOf(2));

        var listed = new List<string>();
        await foreach (var topic in table.Through(proxy).Log().TopicsAsync(CancellationToken.None))
            listed.Add(topic.Name);

        Assert.Equal(names, listed);
        Assert.Equal(4, proxy.Reads);
    }
}
