using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.EventLog;
using SseFunctions.Publishing;
using SseFunctions.Tests.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.Publishing;

/// <summary>A source becomes transactions, in its order, and however it ends, the topic ends visibly.</summary>
public sealed class PublishStreamTests
{
    private static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task Events_share_a_batch_when_they_come_within_the_flush_interval_after_its_first()
    {
        var time = new FakeTimeProvider();
        var source = Channel.CreateUnbounded<SseEvent>();
        var asked = Channel.CreateUnbounded<int>();
        using var batches = new SourceBatches(AskedAsync(), FlushInterval, time, CancellationToken.None);

        await YieldAsync("a", "b");
        var first = batches.NextAsync();
        time.Advance(FlushInterval - TimeSpan.FromMilliseconds(1));
        await YieldAsync("c");
        Assert.False(first.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(["a", "b", "c"], (await first.WaitAsync(SseStream.Timeout)).Events.Select(Text));
        await YieldAsync("d");
        source.Writer.Complete();
        var last = await batches.NextAsync().WaitAsync(SseStream.Timeout); // its time is not up, but there will be no more
        Assert.Equal((true, null), (last.IsLast, last.Fault));
        Assert.Equal(["d"], last.Events.Select(Text));

        async IAsyncEnumerable<SseEvent> AskedAsync()
        {
            for (var n = 0; ; n++)
            {
                await asked.Writer.WriteAsync(n);
                if (!await source.Reader.WaitToReadAsync())
                    yield break;

                yield return await source.Reader.ReadAsync();
            }
        }

        // Until the source is asked for the next, which says that what it has yielded is taken.
        async Task YieldAsync(params string[] texts)
        {
            var taken = 0;
            foreach (var text in texts)
                await source.Writer.WriteAsync(new SseEvent(text));

            while (taken < texts.Length)
                taken += await asked.Reader.ReadAsync().AsTask().WaitAsync(SseStream.Timeout) > 0 ? 1 : 0;
        }
    }

    [Theory]
    [InlineData(0, 1, new[] { 0 })]
    [InlineData(1, 1, new[] { 1 })]
    [InlineData(250, 1, new[] { 98, 98, 54 })]
    [InlineData(100, 60 * 1024, new[] { 46, 46, 8 })] // 2.75 MiB
    public async Task PublishStreamAsync_fills_transactions_in_order_and_completes_the_topic_in_the_last(int count, int bytes, int[] expected)
    {
        var run = await PublicationRun.StartAsync();
        var texts = Enumerable.Range(0, count).Select(n => $"{n}".PadRight(bytes, '.')).ToList();

        var result = await run.PublishAsync(YieldAsync(texts), TimeSpan.FromSeconds(10));

        Assert.Equal(texts, await run.ReadTextsAsync());
        Assert.Equal(expected, run.Commits.Select(commit => commit.Events.Count));
        Assert.Equal(expected.Select((_, i) => i == expected.Length - 1), run.Commits.Select(commit => commit.Head.Complete));
        Assert.Equal((count, count == 0 ? null : run.Commits[^1].Head.LastId.ToString()), (result.Events, result.LastId));
    }

    /// <summary>A slow table has fewer and larger transactions, and no queue of them.</summary>
    [Fact]
    public async Task PublishStreamAsync_writes_together_what_comes_while_a_transaction_is_under_way()
    {
        const int Meanwhile = 40;
        await using var proxy = await StorageProxy.StartAsync();
        var run = await PublicationRun.StartAsync(proxy: proxy);
        var (arrived, yielded) = (new TaskCompletionSource(), new TaskCompletionSource());
        proxy.Intercept = async call =>
        {
            if (call.IsTransaction && arrived.TrySetResult())
                await yielded.Task;

            await StorageProxy.PassOnAsync(call);
        };

        await run.PublishAsync(SourceAsync(), TimeSpan.Zero);

        Assert.Equal(Texts(1 + Meanwhile), await run.ReadTextsAsync());
        Assert.Equal([1, Meanwhile], run.Commits.Select(commit => commit.Events.Count).Where(events => events > 0));

        async IAsyncEnumerable<SseEvent> SourceAsync()
        {
            foreach (var text in Texts(1 + Meanwhile))
            {
                yield return new SseEvent(text);
                await arrived.Task;
            }

            yielded.SetResult();
        }
    }

    [Fact]
    public async Task PublishStreamAsync_reads_the_source_no_further_than_a_transaction_ahead()
    {
        var run = await PublicationRun.StartAsync();
        var (yielded, ahead) = (0, new List<long>());
        run.Log.Written += (_, head, events) => ahead.Add(Volatile.Read(ref yielded) - (head.Last - events.Count));

        await run.PublishAsync(CountedAsync(), TimeSpan.Zero);

        Assert.Equal(2000, (await run.ReadTextsAsync()).Count);
        Assert.All(ahead, events => Assert.InRange(events, 0, (2 * AppendLimits.MaxEvents) + 1)); // what is written, what waits, and one in the source's hand

        async IAsyncEnumerable<SseEvent> CountedAsync()
        {
            for (var n = 0; n < 2000; n++)
            {
                Interlocked.Increment(ref yielded);
                yield return new SseEvent($"{n}");
            }

            await Task.CompletedTask;
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(98)] // no room for one more
    public async Task PublishStreamAsync_ends_the_topic_with_an_error_event_when_the_source_throws(int before)
    {
        var run = await PublicationRun.StartAsync();
        var fault = new InvalidOperationException("secret");

        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => run.PublishAsync(YieldAsync(Texts(before), fault), TimeSpan.FromSeconds(10)));

        Assert.Same(fault, thrown);
        Assert.Equal([.. Texts(before), """{"reason":"failed"}"""], await run.ReadTextsAsync());
        Assert.Equal(("error", true), (run.Commits[^1].Events[^1].Type, run.Commits[^1].Head.Complete));
        Assert.Equal(before == 98 ? 2 : 1, run.Commits.Count);
    }

    [Fact]
    public async Task PublishStreamAsync_gives_readers_the_data_of_the_options_when_the_source_throws()
    {
        var run = await PublicationRun.StartAsync(new PublishStreamOptions { ErrorData = """{"type":"error","errorText":"broken off"}""" });

        await Assert.ThrowsAsync<InvalidOperationException>(() => run.PublishAsync(YieldAsync([], new InvalidOperationException())));

        Assert.Equal(["""{"type":"error","errorText":"broken off"}"""], await run.ReadTextsAsync());
    }

    [Fact]
    public async Task PublishStreamAsync_ends_the_topic_with_an_error_event_when_the_source_yields_what_cannot_be_published()
    {
        foreach (var wrong in (SseEvent[])[new(new string('x', (64 * 1024) + 1)), new("", "sse.reset"), new("\ud800")])
        {
            var run = await PublicationRun.StartAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => run.PublishAsync(new[] { new SseEvent("a"), wrong, new SseEvent("b") }.ToAsyncEnumerable()));

            Assert.Equal(["a", """{"reason":"failed"}"""], await run.ReadTextsAsync());
            Assert.True(run.Commits[^1].Head.Complete);
        }
    }

    [Theory]
    [InlineData(false, false, "cancelled")]
    [InlineData(false, true, "cancelled")]
    [InlineData(true, false, "stopping")]
    [InlineData(true, true, "stopping")]
    public async Task PublishStreamAsync_ends_the_topic_with_an_error_event_when_it_is_stopped(bool isHost, bool isDeaf, string reason)
    {
        var run = await PublicationRun.StartAsync();
        using var stop = new CancellationTokenSource();
        var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var publishing = isHost
            ? run.PublishAsync(EndlessAsync(), TimeSpan.FromSeconds(10), stopping: stop.Token)
            : run.PublishAsync(EndlessAsync(), TimeSpan.FromSeconds(10), cancellationToken: stop.Token);
        await waiting.Task.WaitAsync(SseStream.Timeout);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => publishing);
        Assert.Equal(["a", $$"""{"reason":"{{reason}}"}"""], await run.ReadTextsAsync());
        var commit = Assert.Single(run.Commits);
        Assert.Equal(("error", true), (commit.Events[^1].Type, commit.Head.Complete));

        async IAsyncEnumerable<SseEvent> EndlessAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            yield return new SseEvent("a");
            waiting.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, isDeaf ? CancellationToken.None : cancellationToken);
        }
    }

    [Fact]
    public async Task PublishStreamAsync_throws_and_ends_the_source_when_somebody_else_completes_the_topic()
    {
        var run = await PublicationRun.StartAsync();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        await Assert.ThrowsAsync<TopicCompleteException>(() => run.PublishAsync(EndlessAsync(), TimeSpan.Zero));

        await ended.Task.WaitAsync(SseStream.Timeout);
        var texts = await run.ReadTextsAsync();
        Assert.Equal(Enumerable.Range(0, texts.Count).Select(n => $"{n}"), texts);

        async IAsyncEnumerable<SseEvent> EndlessAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            try
            {
                for (var n = 0; ; n++)
                {
                    yield return new SseEvent($"{n}");
                    cancellationToken.ThrowIfCancellationRequested();
                    if (n == 100)
                        await run.Table.Log().CompleteAsync();
                }
            }
            finally
            {
                ended.TrySetResult();
            }
        }
    }

    [Fact]
    public async Task PublishStreamAsync_publishes_each_event_once_and_in_order_when_calls_fail_at_random()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var run = await PublicationRun.StartAsync(proxy: proxy);
        var faults = new RandomFaults(new Random(FuzzSeed.Value), percent: 20);
        proxy.Intercept = faults.InterceptAsync;
        var (transactions, committed) = (Thoroughness.Choose(brief: 30, full: 300), new SemaphoreSlim(0));
        run.Log.Written += (_, _, _) => committed.Release();

        var result = await run.PublishAsync(PacedAsync(), TimeSpan.Zero);
        proxy.Intercept = null;
        await faults.LetAllArriveAsync().WaitAsync(SseStream.Timeout);

        Assert.Equal(Texts(transactions), await run.ReadTextsAsync());
        Assert.Equal(transactions, result.Events);
        Assert.True((await run.Table.Log().HeadAsync())!.Complete);
        Assert.True(faults.Count > 0, FuzzSeed.Hint);

        async IAsyncEnumerable<SseEvent> PacedAsync()
        {
            foreach (var text in Texts(transactions))
            {
                yield return new SseEvent(text);
                await committed.WaitAsync();
            }
        }
    }

    /// <summary>The completion alone is tried for as long as events are.</summary>
    [Fact]
    public async Task PublishStreamAsync_completes_the_topic_without_events_when_storage_is_back_within_a_minute()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var run = await PublicationRun.StartAsync(proxy: proxy);
        var refused = 0;
        proxy.Intercept = call =>
        {
            if (Interlocked.Increment(ref refused) > 2)
                return StorageProxy.PassOnAsync(call);

            run.Time.Advance(refused == 2 ? StreamPublication.WriteTimeout / 2 : TimeSpan.Zero);
            return Faults.Refuse(503)(call);
        };

        await run.PublishAsync(YieldAsync([]));

        Assert.Empty(await run.ReadTextsAsync());
        Assert.True((await run.Table.Log().HeadAsync())!.Complete);
    }

    [Fact]
    public async Task PublishStreamAsync_throws_when_somebody_else_has_completed_the_topic_and_no_events_are_left()
    {
        var run = await PublicationRun.StartAsync();
        await run.Table.Log().AppendLastAsync(null, "theirs");

        await Assert.ThrowsAsync<TopicCompleteException>(() => run.PublishAsync(YieldAsync([])));

        Assert.Equal(["theirs"], await run.ReadTextsAsync());
    }

    /// <summary>Whether the transaction landed is not known: it must not come a second time, nor after the end.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task PublishStreamAsync_fails_visibly_when_storage_is_down_for_longer_than_it_tries(bool hasLanded, bool isLast)
    {
        await using var proxy = await StorageProxy.StartAsync();
        var run = await PublicationRun.StartAsync(proxy: proxy);
        var (landed, refused, end) = (0, 0, run.Time.GetUtcNow() + StreamPublication.WriteTimeout);
        proxy.Intercept = async call =>
        {
            if (run.Time.GetUtcNow() >= end || (hasLanded && landed == 0 && !call.IsTransaction))
                await StorageProxy.PassOnAsync(call);
            else if (hasLanded && call.IsTransaction && Interlocked.Increment(ref landed) == 1)
                await Faults.LoseAnswerAsync(call);
            else
                Refuse(call);
        };

        var flushInterval = isLast ? TimeSpan.FromSeconds(10) : TimeSpan.Zero; // so that one transaction has both the event and the end
        await Assert.ThrowsAsync<EventLogUnavailableException>(() => run.PublishAsync(OneAsync(), flushInterval));

        string[] error = ["""{"reason":"storage"}"""];
        Assert.Equal((hasLanded, isLast) switch { (false, _) => error, (true, false) => ["a", .. error], _ => ["a"] }, await run.ReadTextsAsync());
        Assert.True((await run.Table.Log().HeadAsync())!.Complete);

        void Refuse(StorageCall call)
        {
            call.Reply(503);
            if (Interlocked.Increment(ref refused) == 2)
                run.Time.Advance(StreamPublication.WriteTimeout);
        }

        async IAsyncEnumerable<SseEvent> OneAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            yield return new SseEvent("a");
            if (!isLast)
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task PublishStreamAsync_waits_when_too_many_write_to_the_topic(int count)
    {
        await using var group = await HeldGroup.StartAsync();
        var others = Enumerable.Range(0, 9).Select(n => group.AppendAsync([.. Enumerable.Repeat(Event($"{n}"), AppendLimits.MaxEvents)], null)).ToList();
        var time = new WatchedTime();
        var publication = new StreamPublication(Orders, group.Log, new PublishStreamOptions { FlushInterval = TimeSpan.Zero }, time);

        var publishing = publication.RunAsync(YieldAsync(Texts(count)), CancellationToken.None, CancellationToken.None);
        await time.Waits.Task.WaitAsync(SseStream.Timeout); // it was refused
        await group.ReleaseAsync();
        await publishing.WaitAsync(SseStream.Timeout);

        Assert.All(await Task.WhenAll(others), other => Assert.Equal(AppendOutcome.Appended, other.Outcome));
        Assert.Equal(Texts(count), (await group.ReadTextsAsync()).Skip(1 + (9 * AppendLimits.MaxEvents)));
        Assert.True((await group.Other.HeadAsync())!.Complete);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(10_001)]
    public void FlushInterval_has_a_range(int milliseconds) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new PublishStreamOptions { FlushInterval = TimeSpan.FromMilliseconds(milliseconds) });

    private static string Text(NewEvent newEvent) => System.Text.Encoding.UTF8.GetString(newEvent.Data.Span);

    private static async IAsyncEnumerable<SseEvent> YieldAsync(IEnumerable<string> texts, Exception? fault = null)
    {
        foreach (var text in texts)
            yield return new SseEvent(text);

        await Task.CompletedTask;
        if (fault is not null)
            throw fault;
    }

    private sealed class WatchedTime : TimeProvider
    {
        public TaskCompletionSource Waits { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Waits.TrySetResult();
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
