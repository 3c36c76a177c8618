using SseFunctions.EventLog;
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
}
