using System.Collections.Concurrent;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

public sealed class AppendRefusalsTests
{
    /// <summary>The table says which operation it refused: another writer's head is no used key, and costs no look for one.</summary>
    [Fact]
    public async Task Conflict_over_the_head_makes_no_key_suspect()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var log = table.Through(proxy).Log(new PassingTime());
        await log.AppendTextsAsync("a");
        await table.Log(new PassingTime()).AppendTextsAsync("b"); // the head that the log knows is old by now
        var calls = new ConcurrentQueue<(bool IsTransaction, string Path)>();
        proxy.Intercept = call =>
        {
            calls.Enqueue((call.IsTransaction, Uri.UnescapeDataString(call.PathAndQuery)));
            return StorageProxy.PassOnAsync(call);
        };

        var result = await log.AppendOnceAsync("key", "c");

        Assert.Equal((AppendOutcome.Appended, 3), (result.Outcome, result.First));
        Assert.Equal(2, calls.Count(call => call.IsTransaction));
        Assert.DoesNotContain(calls, call => call.Path.Contains(LogRows.KeyPrefix, StringComparison.Ordinal));
    }
}
