using System.Collections.Concurrent;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

public sealed class TopicRowDeletionTests
{
    /// <summary>A deletion that is late meets a log that has begun anew, with other rows under the same keys.</summary>
    [Fact]
    public async Task Deletion_of_one_epoch_leaves_the_rows_of_another()
    {
        var table = await LogTable.NewAsync();
        var log = table.Log(new PassingTime());
        await log.AppendTextsAsync("a");
        var kept = await log.AppendOnceAsync("key", "b");
        var rows = await table.RowKeysAsync(Orders.Name);
        var deletion = new TopicRowDeletion(table.Table(), new PassingTime());

        await deletion.DeleteEventsAsync(Orders, new EventId("other1", 2), CancellationToken.None);
        await deletion.DeleteKeysAsync(Orders, "other1", CancellationToken.None);
        Assert.Equal(rows, await table.RowKeysAsync(Orders.Name));

        await deletion.DeleteEventsAsync(Orders, new EventId(kept.Epoch, 2), CancellationToken.None);
        Assert.Equal([LogRows.HeadKey], await table.RowKeysAsync(Orders.Name));
    }

    /// <summary>An event goes together with its key, which is an operation as well.</summary>
    [Fact]
    public async Task Transaction_has_at_most_100_operations_when_an_event_has_a_key()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var log = table.Log();
        await log.FillAsync(Texts(TopicRowDeletion.MaxOperations - 1));
        var last = await log.AppendOnceAsync("key", "last");
        var operations = new ConcurrentQueue<int>();
        proxy.Intercept = call =>
        {
            if (call.IsTransaction)
                operations.Enqueue(call.BodyText.Split("\nDELETE ").Length - 1);

            return StorageProxy.PassOnAsync(call);
        };

        await new TopicRowDeletion(table.Through(proxy).Table(), new PassingTime()).DeleteEventsAsync(Orders, new EventId(last.Epoch, last.Last), CancellationToken.None);

        Assert.Equal([TopicRowDeletion.MaxOperations - 1, 2], operations);
        Assert.Equal([LogRows.HeadKey], await table.RowKeysAsync(Orders.Name));
    }
}
