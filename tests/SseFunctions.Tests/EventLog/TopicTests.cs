using SseFunctions.EventLog;

namespace SseFunctions.Tests.EventLog;

public sealed class TopicTests
{
    private const string MaxLengthName = "a234567890123456789012345678901234567890123456789012345678901234";

    [Theory]
    [InlineData("a")]
    [InlineData("Z")]
    [InlineData("0")]
    [InlineData("orders.eu-west_1")]
    [InlineData("a..")]
    [InlineData(MaxLengthName)]
    public void TryParse_accepts_when_the_name_is_in_the_rule(string text)
    {
        Assert.True(Topic.TryParse(text, out var topic));
        Assert.Equal(text, topic.Name);
        Assert.Equal(text, topic.ToString());
        Assert.Equal(topic, Topic.Parse(text));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(".a")] // "." and ".." are no URL segments
    [InlineData("-a")]
    [InlineData("_a")]
    [InlineData("!topics")] // the partition that lists the topics
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("a#b")]
    [InlineData("a?b")]
    [InlineData("a'b")]
    [InlineData("a\n")] // '$' would let it pass
    [InlineData("\na")]
    [InlineData("a\0")]
    [InlineData("é")]
    [InlineData("aé")]
    [InlineData("\u0661")] // an Arabic digit
    [InlineData(MaxLengthName + "5")]
    public void TryParse_refuses_when_the_name_is_out_of_the_rule(string? text)
    {
        Assert.False(Topic.TryParse(text, out var topic));
        Assert.Null(topic);
        Assert.Throws<FormatException>(() => Topic.Parse(text ?? ""));
    }

    [Fact]
    public void Equals_distinguishes_when_only_the_case_differs() =>
        Assert.NotEqual(Topic.Parse("orders"), Topic.Parse("Orders")); // as partition keys do
}
