using System.Globalization;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.EventLog;

public sealed class TopicWriterPoolTests
{
    [Fact]
    public async Task WriteAsync_keeps_a_bounded_number_of_writers_and_never_forgets_one_that_is_used()
    {
        var table = (await LogTable.NewAsync()).Table();
        var writers = new TopicWriterPool(topic => new TopicWriter(topic, table, (_, _) => { }, TestTelemetry.Log, TimeProvider.System));
        var done = new TaskCompletionSource();
        TopicWriter? first = null;
        var writing = writers.WriteAsync(Topic.Parse("used"), async writer =>
        {
            first = writer;
            await done.Task;
            return 0;
        });

        for (var n = 0; n < 5 * TopicWriterPool.MaxIdle; n++)
        {
            await writers.WriteAsync(Topic.Parse(n.ToString(CultureInfo.InvariantCulture)), _ => Task.FromResult(0));
            Assert.InRange(writers.Count, 1, TopicWriterPool.MaxIdle);
        }

        Assert.Same(first, await writers.WriteAsync(Topic.Parse("used"), Task.FromResult));
        done.SetResult();
        await writing;
    }

    /// <summary>A bound on what is kept idle must not become one on what is used at once, nor make each new topic a search.</summary>
    [Fact]
    public async Task WriteAsync_takes_any_number_of_topics_at_once()
    {
        var table = (await LogTable.NewAsync()).Table();
        var writers = new TopicWriterPool(topic => new TopicWriter(topic, table, (_, _) => { }, TestTelemetry.Log, TimeProvider.System));
        var done = new TaskCompletionSource();

        var writing = Enumerable.Range(0, 3 * TopicWriterPool.MaxIdle)
            .Select(n => writers.WriteAsync(Topic.Parse(n.ToString(CultureInfo.InvariantCulture)), async _ =>
            {
                await done.Task;
                return 0;
            }))
            .ToList();

        Assert.Equal(3 * TopicWriterPool.MaxIdle, writers.Count);
        done.SetResult();
        await Task.WhenAll(writing).WaitAsync(SseStream.Timeout);
    }
}
