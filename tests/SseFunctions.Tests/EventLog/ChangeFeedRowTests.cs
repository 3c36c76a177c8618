using Azure.Data.Tables;
using SseFunctions.EventLog;

namespace SseFunctions.Tests.EventLog;

public sealed class ChangeFeedRowTests
{
    [Fact]
    public void Row_is_read_as_it_was_written()
    {
        var row = new ChangeFeedRow(
            "writer", 7, 3, [(7, new(Topic.Parse("a.b_c-1"), new EventId("abc123", 99), HasEnded: true)), (4, new(Topic.Parse("B"), EventId.Start, HasEnded: false))]);

        Assert.True(ChangeFeedRow.TryParse(row.ToEntity(), out var parsed));
        Assert.Equal((row.Writer, row.Sequence, row.Since), (parsed.Writer, parsed.Sequence, parsed.Since));
        Assert.Equal(row.Changes, parsed.Changes);
    }

    [Fact]
    public async Task Row_with_too_many_changes_fits_the_table_and_says_from_which_flush_on_it_is_complete()
    {
        var table = await LogTable.NewAsync();
        await table.Client().CreateIfNotExistsAsync();
        var changes = Enumerable.Range(0, 10_000)
            .Select(i => (Flush: 10_000L - i, new TopicChange(Topic.Parse($"{i:D5}".PadLeft(Topic.MaxLength, 'x')), new EventId("abc123", EventId.MaxSequence), true)))
            .ToList();

        await table.Client().UpsertEntityAsync(new ChangeFeedRow("writer", 10_000, 1, changes).ToEntity());
        var entity = await table.Client().GetEntityAsync<TableEntity>(ChangeFeedRow.Partition, "writer");

        Assert.True(ChangeFeedRow.TryParse(entity, out var row));
        Assert.InRange(row.Changes.Count, 2000, 9_999);
        Assert.Equal(changes.Take(row.Changes.Count), row.Changes);
        Assert.Equal(row.Changes[^1].Flush, row.Since);
    }

    [Theory]
    [InlineData("1 a")]
    [InlineData("x a abc123-1")]
    [InlineData("1 !a abc123-1")]
    [InlineData("1 a nonsense")]
    public void Row_of_another_version_is_none(string line)
    {
        var entity = new TableEntity(ChangeFeedRow.Partition, "writer") { ["Sequence"] = 1L, ["Since"] = 1L, ["Changes0"] = System.Text.Encoding.ASCII.GetBytes(line) };

        Assert.False(ChangeFeedRow.TryParse(entity, out _));
        Assert.False(ChangeFeedRow.TryParse(new TableEntity(ChangeFeedRow.Partition, "writer"), out _));
    }
}
