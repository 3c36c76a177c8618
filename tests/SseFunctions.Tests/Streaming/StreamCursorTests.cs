using SseFunctions.Streaming;

namespace SseFunctions.Tests.Streaming;

public class StreamCursorTests
{
    [Fact]
    public void Starts_are_after_the_ids_of_the_topics() =>
        Assert.Equal(["abcd12-1", "efgh34-2"], StreamCursor.Starts("abcd12-1.efgh34-2", topics: 2).Select(start => start.LastEventId.ToString()));

    /// <summary>Which topic each id is of, nobody knows then: with the first one trusted, a stream would skip events or repeat them.</summary>
    [Theory]
    [InlineData("abcd12-1.efgh34-2", 1)]
    [InlineData("abcd12-1", 2)]
    [InlineData("abcd12-1.efgh34-2", 3)]
    [InlineData("abcd12-1.", 1)]
    [InlineData("abcd12-1.none", 2)]
    [InlineData("", 1)]
    public void No_part_of_an_id_of_other_topics_is_trusted(string lastEventId, int topics) =>
        Assert.Equal(Enumerable.Repeat(StreamStart.UnknownId, topics), StreamCursor.Starts(lastEventId, topics));
}
