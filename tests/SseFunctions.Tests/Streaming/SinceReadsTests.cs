using Microsoft.Extensions.Logging.Abstractions;
using SseFunctions.EventLog;
using SseFunctions.Streaming;
using SseFunctions.Tests.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

/// <summary>Searches for times are many requests each: however many wait, heads are read.</summary>
public class SinceReadsTests
{
    [Fact]
    public async Task Heads_are_read_while_more_searches_are_under_way_than_heads_may_be()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        await table.Log().AppendTextsAsync("1");
        var (held, searching, release) = (0, new TaskCompletionSource(), new TaskCompletionSource());
        proxy.Intercept = async call =>
        {
            if (!call.PathAndQuery.Contains("free", StringComparison.Ordinal))
            {
                if (Interlocked.Increment(ref held) == TableReads.MaxSearches)
                    searching.SetResult();

                await release.Task;
            }

            await StorageProxy.PassOnAsync(call);
        };
        using var reads = new TableReads(table.Through(proxy).Log(), TimeProvider.System, NullLogger.Instance);
        var since = new Since(DateTimeOffset.UnixEpoch, null);
        var searches = Enumerable.Range(0, TableReads.MaxHeadReads + 1).Select(_ => reads.SinceAsync(LogActions.Orders, since, CancellationToken.None)).ToList();
        await searching.Task.WaitAsync(SseStream.Timeout);

        Assert.Null(await reads.HeadAsync(Topic.Parse("free"), CancellationToken.None).WaitAsync(SseStream.Timeout));

        Assert.DoesNotContain(searches, search => search.IsCompleted);
        release.SetResult();
        Assert.All(await Task.WhenAll(searches), place => Assert.Equal(0, place.Sequence));
    }
}
