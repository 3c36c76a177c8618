using System.Diagnostics;
using Azure.Data.Tables;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

/// <summary>What a process says of its writes.</summary>
public sealed class ChangeFeedWriterTests : IAsyncLifetime, IDisposable
{
    private readonly CountedWarnings<ChangeFeedWriter> warnings = new();

    /// <summary>The process's and the storage service's: no flush comes to its timeout, and no answer is old when it is looked at.</summary>
    private readonly PassingTime time = new();

    /// <summary>Completes when a flush was done.</summary>
    private readonly TaskCompletionSource flushed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private StorageProxy proxy = null!;
    private LogTable table = null!;
    private TableEventLog log = null!;
    private ChangeFeedWriter writer = null!;

    public async Task InitializeAsync()
    {
        proxy = await StorageProxy.StartAsync();
        proxy.Intercept = PassOnAsync;
        table = await LogTable.NewAsync();
        log = table.Log();
        await log.AppendTextsAsync("before it began");
        writer = await StartAsync(time);
    }

    public async Task DisposeAsync() => await proxy.DisposeAsync();

    public void Dispose() => writer.Dispose();

    [Fact]
    public async Task Stop_waits_for_the_last_hint()
    {
        await log.AppendTextsAsync("1");
        await log.AppendTextsAsync("2");
        var head = await log.CompleteAsync();
        await writer.StopAsync(CancellationToken.None);

        Assert.Equal(new TopicChange(Orders, head.LastId, HasEnded: true), (await ChangesAsync())[^1]);
    }

    [Fact]
    public async Task Process_that_writes_nothing_adds_nothing()
    {
        await writer.StopAsync(CancellationToken.None);

        Assert.Empty(await table.RowKeysAsync(ChangeFeedRow.Partition));
        Assert.Equal(0, proxy.Writes);
    }

    [Fact]
    public async Task What_moves_while_a_flush_is_under_way_shares_the_next()
    {
        var release = await HoldFlushAsync();
        await Task.WhenAll(Enumerable.Range(0, 10).Select(i => AppendAsync($"topic{i}")));

        release.SetResult();
        await writer.StopAsync(CancellationToken.None);

        Assert.Equal(2, proxy.Writes);
        Assert.Equal(11, (await ChangesAsync()).Select(change => change.Topic).Distinct().Count());
    }

    /// <summary>A flush writes no more than a page, however many topics have moved.</summary>
    [Fact]
    public async Task What_does_not_fit_a_page_begins_another()
    {
        var release = await HoldFlushAsync();
        var names = Enumerable.Range(0, 110).Select(i => $"{i:D3}".PadRight(Topic.MaxLength, 'x')).ToList();
        await Parallel.ForEachAsync(names, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (name, _) => await AppendAsync(name));

        release.SetResult();
        await writer.StopAsync(CancellationToken.None);

        var pages = await PagesAsync();
        Assert.InRange(pages.Count, 2, 5);
        Assert.All(pages, page => Assert.InRange(page.Lines.Length, 1, ChangeFeedPage.MaxChars + 100));
        Assert.Equal(names.Append(Orders.Name).Order(StringComparer.Ordinal), (await ChangesAsync()).Select(change => change.Topic.Name).Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>A request without an answer may still arrive, and must not undo what was said after it.</summary>
    [Fact]
    public async Task Flush_without_an_answer_is_repeated_under_another_name()
    {
        var late = new LateRequest();
        var isFirst = true;
        proxy.Intercept = call =>
        {
            var wasFirst = isFirst;
            isFirst = false;
            return wasFirst ? late.HoldAsync(call) : PassOnAsync(call);
        };
        await log.AppendTextsAsync("1");
        await flushed.Task.WaitAsync(SseStream.Timeout);
        await log.AppendTextsAsync("2");
        await writer.StopAsync(CancellationToken.None);
        await late.ArriveAsync();

        var pages = await PagesAsync();
        Assert.InRange(pages.Count, 2, 3);
        Assert.Equal(3, (await ChangesAsync()).Max(change => change.Last.Sequence));
        Assert.Equal(1, warnings.Count);
    }

    /// <summary>Of two writers that make a row at the same moment, storage may refuse one.</summary>
    [Fact]
    public async Task Conflict_is_settled_without_a_word()
    {
        var refused = 0;
        proxy.Intercept = call => Interlocked.Increment(ref refused) == 1 ? Faults.Refuse(409)(call) : PassOnAsync(call);
        await log.AppendTextsAsync("1");
        await writer.StopAsync(CancellationToken.None);

        Assert.Single(await ChangesAsync());
        Assert.Equal(0, warnings.Count);
    }

    /// <summary>With 252 pages, or a mebibyte of them.</summary>
    [Fact]
    public async Task Full_row_is_followed_by_another_row_of_its_slice()
    {
        proxy.Intercept = call => IsOfFirstRow(call) ? Faults.Refuse(400)(call) : PassOnAsync(call);
        await log.AppendTextsAsync("1");
        await flushed.Task.WaitAsync(SseStream.Timeout);
        await writer.StopAsync(CancellationToken.None);

        Assert.EndsWith("-1", Assert.Single(await table.RowKeysAsync(ChangeFeedRow.Partition)), StringComparison.Ordinal);
        Assert.Equal(2, Assert.Single(await ChangesAsync()).Last.Sequence);
        Assert.Equal(0, warnings.Count);
    }

    /// <summary>A run that the host stops says so in its topic, which may be after the writer's own stop.</summary>
    [Fact]
    public async Task What_is_written_after_the_stop_is_hinted_before_the_end()
    {
        await writer.StopAsync(CancellationToken.None);

        await log.AppendTextsAsync("1");
        var head = await log.CompleteAsync();
        await EndAsync(new TopicChange(Orders, head.LastId, HasEnded: true));

        Assert.Equal(new TopicChange(Orders, head.LastId, HasEnded: true), (await ChangesAsync())[^1]);
    }

    /// <summary>Each flush is tried once then: one that storage has refused for its row has not had its try.</summary>
    [Fact]
    public async Task Full_row_is_followed_by_another_after_the_stop_as_well()
    {
        proxy.Intercept = call => IsOfFirstRow(call) ? Faults.Refuse(400)(call) : PassOnAsync(call);
        await writer.StopAsync(CancellationToken.None);

        var appended = await log.AppendTextsAsync("1");
        await EndAsync(new TopicChange(Orders, appended.Ids.Single(), HasEnded: false));

        Assert.Equal(2, Assert.Single(await ChangesAsync()).Last.Sequence);
    }

    /// <summary>Readers ask for the rows of the last seconds only.</summary>
    [Fact]
    public async Task What_moves_in_another_slice_goes_into_its_row()
    {
        await log.AppendTextsAsync("1");
        await flushed.Task.WaitAsync(SseStream.Timeout);
        time.Advance(ChangeFeedRow.Slice);
        var earliest = ChangeFeedRow.Key(time.GetUtcNow(), 0);
        await log.AppendTextsAsync("2");
        await writer.StopAsync(CancellationToken.None);

        Assert.Contains(await PagesAsync(), page => string.CompareOrdinal(page.RowKey, earliest) >= 0 && page.Lines.Contains("-3", StringComparison.Ordinal));
    }

    /// <summary>Readers look for rows by the table's clock.</summary>
    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task Writer_whose_clock_is_wrong_goes_by_the_tables_clock(int hours)
    {
        writer.Dispose();
        var wrong = new PassingTime();
        wrong.AdjustTime(time.GetUtcNow() + TimeSpan.FromHours(hours));
        using var other = await StartAsync(wrong);
        var inTime = new TaskCompletionSource();
        proxy.Intercept = async call =>
        {
            await PassOnAsync(call);
            if (IsInTime(Uri.UnescapeDataString(call.PathAndQuery).Split("RowKey='")[1].Split('\'')[0]))
                inTime.TrySetResult();
        };

        await log.AppendTextsAsync("1");
        await inTime.Task.WaitAsync(SseStream.Timeout);
        await log.AppendTextsAsync("2");
        await other.StopAsync(CancellationToken.None);

        var pages = (await PagesAsync()).Where(page => page.Name.StartsWith(other.Pages, StringComparison.Ordinal)).ToList();
        Assert.Single(pages, page => !IsInTime(page.RowKey));
        Assert.Contains(pages, page => IsInTime(page.RowKey) && page.Lines.Contains("-3", StringComparison.Ordinal));

        bool IsInTime(string rowKey) => string.CompareOrdinal(rowKey, ChangeFeedRow.Key(time.GetUtcNow() - ChangeFeedRow.MaxDelay, 0)) >= 0
            && string.CompareOrdinal(rowKey, ChangeFeedRow.Key(time.GetUtcNow() + ChangeFeedRow.MaxDelay, 0)) <= 0;
    }

    [Fact]
    public async Task Retention_deletes_the_rows_that_nobody_asks_for_any_more()
    {
        await log.AppendTextsAsync("1");
        await writer.StopAsync(CancellationToken.None);
        for (var i = 0; i < 250; i++)
            await table.Client().AddEntityAsync(new TableEntity(ChangeFeedRow.Partition, $"{i}"));

        await table.Sweep(new RetentionOptions()).RunAsync(CancellationToken.None);
        Assert.Equal(251, (await table.RowKeysAsync(ChangeFeedRow.Partition)).Count);
        proxy.Intercept = async call =>
        {
            using var answer = await call.ForwardAsync();
            answer.Headers.Date += ChangeFeedRow.Lifetime + TimeSpan.FromSeconds(2); // the storage service's clock
            await call.ReplyAsync(answer);
        };

        await table.Through(proxy).Sweep(new RetentionOptions()).RunAsync(CancellationToken.None);

        Assert.Empty(await table.RowKeysAsync(ChangeFeedRow.Partition));
        Assert.Equal(["before it began", "1"], await log.ReadTextsAsync());
    }

    private async Task<ChangeFeedWriter> StartAsync(TimeProvider clock)
    {
        var started = new ChangeFeedWriter(table.Through(proxy).Table(clock), log, clock, warnings);
        await started.StartAsync(CancellationToken.None);
        return started;
    }

    /// <summary>Ends the writer. Where that took as long as it may, the machine is busy, and the last hint may still be on its way.</summary>
    private async Task EndAsync(TopicChange last)
    {
        var start = Stopwatch.GetTimestamp();
        await writer.DisposeAsync();
        var hasGivenUp = Stopwatch.GetElapsedTime(start) >= ChangeFeedWriter.FlushTimeout;
        using var guard = new CancellationTokenSource(SseStream.Timeout);
        while (hasGivenUp && !(await ChangesAsync()).Contains(last))
            guard.Token.ThrowIfCancellationRequested();
    }

    private async Task PassOnAsync(StorageCall call)
    {
        using var answer = await call.ForwardAsync();
        answer.Headers.Date = time.GetUtcNow();
        await call.ReplyAsync(answer);
        flushed.TrySetResult();
    }

    private static bool IsOfFirstRow(StorageCall call) => Uri.UnescapeDataString(call.PathAndQuery).Contains("-0'", StringComparison.Ordinal);

    /// <summary>Appends an event, and holds its flush.</summary>
    /// <returns>To be set to let it go.</returns>
    private async Task<TaskCompletionSource> HoldFlushAsync()
    {
        var (begun, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        proxy.Intercept = async call =>
        {
            begun.TrySetResult();
            await release.Task;
            await PassOnAsync(call);
        };
        await log.AppendTextsAsync("1");
        await begun.Task.WaitAsync(SseStream.Timeout);
        return release;
    }

    private Task<AppendResult> AppendAsync(string topic) => log.AppendAsync(Topic.Parse(topic), [Event("x")], null, CancellationToken.None);

    private async Task<IReadOnlyList<(string RowKey, string Name, string Lines)>> PagesAsync()
    {
        var pages = new List<(string RowKey, string Name, string Lines)>();
        await foreach (var row in table.Client().QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {ChangeFeedRow.Partition}")))
            pages.AddRange(ChangeFeedRow.Pages(row).Select(page => (row.RowKey, page.Name, page.Lines)));

        return pages;
    }

    private async Task<IReadOnlyList<TopicChange>> ChangesAsync() =>
    [
        .. from page in await PagesAsync()
           from line in page.Lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Reverse()
           select ChangeFeedRow.TryParse(line, out _, out var change) ? change : throw new InvalidDataException(line),
    ];
}
