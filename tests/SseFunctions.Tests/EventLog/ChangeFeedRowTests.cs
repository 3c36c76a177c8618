using SseFunctions.EventLog;

namespace SseFunctions.Tests.EventLog;

public sealed class ChangeFeedRowTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("a.b_c-1", "abc123-2r", true)]
    [InlineData("B", "0000-0", false)]
    public void Line_is_read_as_it_was_written(string topic, string last, bool hasEnded)
    {
        Assert.True(EventId.TryParse(last, out var id));
        var change = new TopicChange(Topic.Parse(topic), id, hasEnded);

        var line = ChangeFeedRow.ToLine(7, change);

        Assert.EndsWith("\n", line, StringComparison.Ordinal);
        Assert.True(ChangeFeedRow.TryParse(line.AsSpan()[..^1], out var flush, out var parsed));
        Assert.Equal((7, change), (flush, parsed));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1 a")]
    [InlineData("x a abc123-1")]
    [InlineData("1 !a abc123-1")]
    [InlineData("1 a nonsense")]
    [InlineData("1 a abc123-1 ended and more")]
    public void Line_of_another_version_is_none(string line) =>
        Assert.False(ChangeFeedRow.TryParse(line, out _, out _));

    [Fact]
    public void Rows_are_slices_of_two_seconds_in_the_order_of_time()
    {
        Assert.Equal(ChangeFeedRow.Key(Now, 0), ChangeFeedRow.Key(Now.AddSeconds(1.9), 0));
        string[] keys = [ChangeFeedRow.Key(Now, 0), ChangeFeedRow.Key(Now, 1), ChangeFeedRow.Key(Now.AddSeconds(2), 0), ChangeFeedRow.Key(Now.AddYears(100), 0)];
        Assert.Equal(keys.Order(StringComparer.Ordinal), keys);
        Assert.Equal(4, keys.Distinct().Count());
    }

    [Fact]
    public void Page_has_each_topic_once_the_newest_first_and_is_full_at_eight_thousand_characters()
    {
        var page = new ChangeFeedPage { RowKey = "row", Name = "page" };
        Put("a", 1);
        Put("b", 2);
        Put("a", 3);
        Assert.Equal("3 a abc123-3\n2 b abc123-2\n", page.ToEntity()["page"]);

        for (var i = 0; i < 1000 && !page.IsFull; i++)
            Put("c", 4);

        Assert.False(page.IsFull);
        var topics = 0;
        for (; !page.IsFull; topics++)
            Put($"{topics:D64}", 5);

        Assert.InRange(((string)page.ToEntity()["page"]).Length, ChangeFeedPage.MaxChars, ChangeFeedPage.MaxChars + 100);

        void Put(string topic, long last)
        {
            page.BeginFlush();
            page.Put(new TopicChange(Topic.Parse(topic), new EventId("abc123", last), HasEnded: false));
        }
    }
}
