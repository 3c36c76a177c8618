using Azure.Data.Tables;
using Microsoft.Extensions.Logging.Abstractions;
using SseFunctions.EventLog;
using SseFunctions.Streaming;
using SseFunctions.Tests.Streaming;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

/// <summary>What a process says of its writes.</summary>
public sealed class ChangeFeedWriterTests : IAsyncLifetime, IDisposable
{
    private StorageProxy proxy = null!;
    private LogTable table = null!;
    private TableEventLog log = null!;
    private ChangeFeedWriter writer = null!;

    public async Task InitializeAsync()
    {
        proxy = await StorageProxy.StartAsync();
        table = await LogTable.NewAsync();
        log = table.Log();
        writer = new ChangeFeedWriter(table.Through(proxy).Table(), log, new StreamOptions().PollInterval, TimeProvider.System, NullLogger<ChangeFeedWriter>.Instance);
        await log.AppendTextsAsync("before it began");
        await writer.StartAsync(CancellationToken.None);
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

        var change = Assert.Single((await RowAsync(writer.Key))!.Changes).Change;
        Assert.Equal(new TopicChange(Orders, head.LastId, HasEnded: true), change);
    }

    [Fact]
    public async Task Process_that_writes_nothing_has_no_row()
    {
        await writer.StopAsync(CancellationToken.None);

        Assert.Empty(await table.RowKeysAsync(ChangeFeedRow.Partition));
        Assert.Equal(0, proxy.Writes);
    }

    [Fact]
    public async Task What_moves_while_a_flush_is_under_way_shares_the_next()
    {
        var (begun, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        proxy.Intercept = async call =>
        {
            begun.TrySetResult();
            await release.Task;
            await StorageProxy.PassOnAsync(call);
        };
        await log.AppendTextsAsync("1");
        await begun.Task.WaitAsync(SseStream.Timeout);
        for (var i = 0; i < 10; i++)
            await log.AppendAsync(Topic.Parse($"topic{i}"), [new NewEvent(null, "x"u8.ToArray())], null, CancellationToken.None);

        release.SetResult();
        await writer.StopAsync(CancellationToken.None);

        Assert.Equal(2, proxy.Writes);
        var row = (await RowAsync(writer.Key))!;
        Assert.Equal((2, 1, 11), (row.Sequence, row.Since, row.Changes.Count));
    }

    /// <summary>A request without an answer may still arrive, and must not undo what was said after it.</summary>
    [Fact]
    public async Task Flush_without_an_answer_is_repeated_under_another_key()
    {
        var first = writer.Key;
        var late = new LateRequest();
        var flushed = new TaskCompletionSource();
        proxy.Intercept = async call =>
        {
            if (Uri.UnescapeDataString(call.PathAndQuery).Contains(first, StringComparison.Ordinal))
            {
                await late.HoldAsync(call);
                return;
            }

            await StorageProxy.PassOnAsync(call);
            flushed.TrySetResult();
        };
        await log.AppendTextsAsync("1");
        await flushed.Task.WaitAsync(SseStream.Timeout);
        await log.AppendTextsAsync("2");
        await writer.StopAsync(CancellationToken.None);
        await late.ArriveAsync();

        Assert.NotEqual(first, writer.Key);
        Assert.Equal(1, (await RowAsync(writer.Key))!.Since);
        Assert.Equal(3, Assert.Single((await RowAsync(writer.Key))!.Changes).Change.Last.Sequence);
    }

    [Fact]
    public async Task Retention_deletes_the_rows_of_writers_that_are_gone()
    {
        await log.AppendTextsAsync("1");
        await writer.StopAsync(CancellationToken.None);
        await table.Sweep(new RetentionOptions()).RunAsync(CancellationToken.None);
        Assert.NotNull(await RowAsync(writer.Key));
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

    private async Task<ChangeFeedRow?> RowAsync(string key)
    {
        var row = await table.Client().GetEntityIfExistsAsync<TableEntity>(ChangeFeedRow.Partition, key);
        return row.HasValue && ChangeFeedRow.TryParse(row.Value!, out var parsed) ? parsed : null;
    }
}
