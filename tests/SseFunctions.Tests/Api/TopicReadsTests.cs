using Microsoft.Extensions.Time.Testing;
using SseFunctions.Api;
using SseFunctions.EventLog;

namespace SseFunctions.Tests.Api;

public sealed class TopicReadsTests
{
    private readonly FakeTimeProvider time = new();
    private readonly List<string> read = [];
    private readonly TopicReads<string> reads;

    public TopicReadsTests() => reads = new(TimeSpan.FromMilliseconds(500), time, topic =>
    {
        read.Add(topic.Name);
        return Task.FromResult(topic.Name);
    });

    /// <summary>Who asks for names at random would else fill the memory.</summary>
    [Fact]
    public async Task ReadAsync_removes_stale_answers_when_other_topics_are_asked_for()
    {
        for (var n = 0; n < 1000; n++)
        {
            await ReadAsync($"t{n}");
            time.Advance(TimeSpan.FromMilliseconds(100));
        }

        Assert.InRange(reads.Count, 1, 10);
        Assert.Equal(1000, read.Count);
    }

    [Fact]
    public async Task ReadAsync_keeps_answers_that_can_still_be_given()
    {
        for (var n = 0; n < 100; n++)
            await ReadAsync($"t{n}");

        for (var n = 0; n < 100; n++)
            await ReadAsync($"t{n}");

        Assert.Equal((100, 100), (reads.Count, read.Count));
    }

    [Fact]
    public async Task Set_keeps_nothing_of_a_topic_that_nobody_has_asked_for()
    {
        reads.Set(Topic.Parse("a"), "written");
        Assert.Equal(0, reads.Count);

        Assert.Equal("a", await ReadAsync("a"));
        reads.Set(Topic.Parse("a"), "written");
        Assert.Equal("written", await ReadAsync("a"));
    }

    private Task<string> ReadAsync(string name) => reads.ReadAsync(Topic.Parse(name), CancellationToken.None);
}
