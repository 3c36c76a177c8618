using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.EventLog;
using SseFunctions.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

public sealed class SharedReadsTests
{
    private readonly FakeTimeProvider time = new();
    private readonly List<string> read = [];
    private readonly SharedReads<Topic, string> reads;

    public SharedReadsTests() => reads = new(TimeSpan.FromMilliseconds(500), time, (topic, _) =>
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
    public async Task ReadAsync_reads_anew_after_the_interval_however_many_others_were_asked_for_before()
    {
        for (var n = 0; n < 5; n++)
            await ReadAsync($"t{n}");

        time.Advance(TimeSpan.FromMilliseconds(500));
        await ReadAsync("t4");
        await ReadAsync("t4");

        Assert.Equal(["t0", "t1", "t2", "t3", "t4", "t4"], read);
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

    /// <summary>Who asks and leaves, again and again, would else have as many reads under way as there are connections to storage.</summary>
    [Fact]
    public async Task ReadAsync_has_no_second_read_beside_one_that_cannot_be_cancelled()
    {
        var (begun, held) = (0, new TaskCompletionSource<string>());
        var shared = new SharedRead<string>(TimeSpan.FromMilliseconds(500), time, _ =>
        {
            Interlocked.Increment(ref begun);
            return held.Task;
        });
        for (var i = 0; i < 100; i++)
        {
            using var leave = new CancellationTokenSource();
            var asked = shared.ReadAsync(leave.Token);
            await leave.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        }

        held.SetResult("read");
        Assert.Equal("read", await shared.ReadAsync(CancellationToken.None).WaitAsync(SseStream.Timeout));
        Assert.Equal(1, begun);
    }

    [Fact]
    public async Task ReadAsync_cancels_a_read_when_the_last_who_waits_for_it_has_left()
    {
        var begun = Channel.CreateUnbounded<CancellationToken>();
        var endless = new SharedReads<string, string>(TimeSpan.FromMilliseconds(500), time, async (_, stop) =>
        {
            begun.Writer.TryWrite(stop);
            await Task.Delay(Timeout.Infinite, stop);
            return "";
        });
        using CancellationTokenSource one = new(), other = new(), later = new();
        var (first, second) = (endless.ReadAsync("a", one.Token), endless.ReadAsync("a", other.Token));
        var stop = await begun.Reader.ReadAsync().AsTask().WaitAsync(SseStream.Timeout);

        await one.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.False(stop.IsCancellationRequested);

        await other.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        var cancelled = new TaskCompletionSource();
        using (stop.Register(cancelled.SetResult))
            await cancelled.Task.WaitAsync(SseStream.Timeout);

        var third = endless.ReadAsync("a", later.Token); // of a read of its own
        Assert.False((await begun.Reader.ReadAsync().AsTask().WaitAsync(SseStream.Timeout)).IsCancellationRequested);
        await later.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third);
    }

    [Fact]
    public async Task ReadAsync_tries_again_half_a_second_after_a_failure()
    {
        var failing = new SharedReads<string, string>(TimeSpan.FromSeconds(10), time, (key, _) =>
        {
            read.Add(key);
            return read.Count == 1 ? Task.FromException<string>(new EventLogUnavailableException("It is down.")) : Task.FromResult("answer");
        });
        await Assert.ThrowsAsync<EventLogUnavailableException>(() => failing.ReadAsync("a", CancellationToken.None));

        time.Advance(TimeSpan.FromMilliseconds(499));
        await Assert.ThrowsAsync<EventLogUnavailableException>(() => failing.ReadAsync("a", CancellationToken.None));
        time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal("answer", await failing.ReadAsync("a", CancellationToken.None));
    }

    private Task<string> ReadAsync(string name) => reads.ReadAsync(Topic.Parse(name), CancellationToken.None);
}
