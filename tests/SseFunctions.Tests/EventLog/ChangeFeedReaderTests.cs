using System.Globalization;
using System.Net.Http.Headers;
using System.Threading.Channels;
using Azure.Data.Tables;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.EventLog;

/// <summary>What a reader makes of other processes' pages, whatever the table and its clock do.</summary>
public sealed class ChangeFeedReaderTests : IAsyncLifetime, IDisposable
{
    private static readonly string Own = ChangeFeedRow.PagesOf("own");
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    private readonly Channel<string> heard = Channel.CreateUnbounded<string>();
    private readonly CancellationTokenSource stop = new();

    /// <summary>One for the whole test, however long that takes.</summary>
    private readonly string row = ChangeFeedRow.Key(DateTimeOffset.UtcNow.AddMinutes(5), 0);
    private readonly CountedWarnings<ChangeFeedReader> log = new();
    private StorageProxy proxy = null!;
    private LogTable table = null!;
    private Task running = Task.CompletedTask;

    public async Task InitializeAsync()
    {
        proxy = await StorageProxy.StartAsync();
        table = await LogTable.NewAsync();
    }

    public async Task DisposeAsync()
    {
        await stop.CancelAsync();
        await running.WaitAsync(SseStream.Timeout);
        await proxy.DisposeAsync();
    }

    public void Dispose() => stop.Dispose();

    [Fact]
    public async Task Each_change_of_others_is_taken_once()
    {
        await PutAsync("one", (2, "b"), (1, "a"));
        Start();
        Assert.Equal(["b", "a"], await HearAsync(2));

        await PutAsync("own", (1, "mine"));
        await PutAsync("one", (3, "c"), (2, "b"), (1, "a"));
        Assert.Equal(["c"], await HearAsync(1));
        await PutAsync("two", (1, "d"));
        Assert.Equal(["d"], await HearAsync(1));
    }

    /// <summary>The rows of a slice that are not the first; and those of a writer whose clock is a little behind, or ahead.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(0, -3)]
    [InlineData(0, 3600)]
    public async Task Pages_are_found_in_whatever_row_their_writer_puts_them(int number, int clockError)
    {
        Start();
        await PutAsync("one", (1, "a"));
        Assert.Equal(["a"], await HearAsync(1));

        await PutAsync(ChangeFeedRow.Key(DateTimeOffset.UtcNow.AddSeconds(clockError), number), "two", (1, "b"));

        Assert.Equal(["b"], await HearAsync(1));
    }

    [Fact]
    public async Task Rows_of_another_version_are_ignored()
    {
        Start();
        await PutAsync("one", (1, "a"));
        Assert.Equal(["a"], await HearAsync(1));

        await table.Client().AddEntityAsync(new TableEntity(ChangeFeedRow.Partition, "e0c1d2") { ["Sequence"] = 1L, ["Since"] = 1L, ["Changes0"] = "1 b abc123-1\n"u8.ToArray() });
        await table.Client().AddEntityAsync(new TableEntity(ChangeFeedRow.Partition, ChangeFeedRow.Key(DateTimeOffset.UtcNow, 1)) { [ChangeFeedRow.PagesOf("two")] = "2 b in other words\n" });
        await PutAsync("one", (2, "c"), (1, "a"));

        Assert.Equal(["c"], await HearAsync(1));
    }

    /// <summary>Half a minute without an answer: what was written in it is looked for elsewhere.</summary>
    [Theory]
    [InlineData(20, false)]
    [InlineData(40, true)]
    public async Task Gap_is_reported_once_after_a_silence_of_half_a_minute(int silenceSeconds, bool hasGap)
    {
        var time = new PollTimes(ChangeFeedReader.MaxFaultInterval);
        Start(time);
        await PutAsync("one", (1, "a"));
        Assert.Equal(["a"], await PassUntilAsync(time, HearAsync(1)));

        proxy.Intercept = Faults.Refuse(503);
        await PassAsync(time, TimeSpan.FromSeconds(silenceSeconds));
        proxy.Intercept = null;
        await PutAsync("one", (2, "b"), (1, "a"));
        var all = await HearUntilAsync("b");
        await PutAsync("two", (1, "c"));
        all = [.. all, .. await HearUntilAsync("c")];

        Assert.Equal(hasGap ? 1 : 0, all.Count(what => what == "gap"));

        async Task<IReadOnlyList<string>> HearUntilAsync(string last)
        {
            var until = new List<string>();
            while (until.LastOrDefault() != last)
                until.AddRange(await PassUntilAsync(time, HearAsync(1)));

            return until;
        }
    }

    [Fact]
    public async Task Gap_is_reported_when_the_first_answer_comes_late()
    {
        var time = new PollTimes(ChangeFeedReader.MaxFaultInterval);
        proxy.Intercept = Faults.Refuse(503);
        await table.Client().CreateIfNotExistsAsync();
        Start(time);

        await PassAsync(time, TimeSpan.FromSeconds(40));
        proxy.Intercept = null;

        Assert.Equal(["gap"], await PassUntilAsync(time, HearAsync(1)));
    }

    /// <summary>By then the feeds may have read their heads.</summary>
    [Fact]
    public async Task What_is_written_before_the_first_answer_is_not_missed()
    {
        var time = new PollTimes(ChangeFeedReader.MaxFaultInterval);
        proxy.Intercept = Faults.Refuse(503);
        await table.Client().CreateIfNotExistsAsync();
        Start(time);
        await PutAsync("one", (1, "a"));

        await PassAsync(time, TimeSpan.FromSeconds(20));
        proxy.Intercept = async call =>
        {
            using var answer = await call.ForwardAsync();
            answer.Headers.Date = time.GetUtcNow(); // the service's clock goes as this one does
            await call.ReplyAsync(answer);
        };

        Assert.Equal(["a"], await PassUntilAsync(time, HearAsync(1)));
    }

    /// <summary>Rows may become visible in another order than that of their timestamps.</summary>
    [Fact]
    public async Task Poll_asks_again_for_the_half_second_before_the_newest_row()
    {
        var (date, moments) = (DateTimeOffset.UtcNow, Channel.CreateUnbounded<DateTimeOffset>());
        proxy.Intercept = async call =>
        {
            moments.Writer.TryWrite(MomentOf(call));
            using var answer = await call.ForwardAsync();
            answer.Headers.Date = date; // stands still: the newest row alone says how far the table is read
            await call.ReplyAsync(answer);
        };
        Start();
        await PutAsync("one", (1, "a"));
        Assert.Equal(["a"], await HearAsync(1));
        var written = (await table.Client().GetEntityAsync<TableEntity>(ChangeFeedRow.Partition, row)).Value.Timestamp!.Value;
        while (moments.Reader.TryRead(out _))
        {
            // Of the polls so far.
        }

        for (var polls = 0; polls < 4; polls++)
        {
            var moment = await moments.Reader.ReadAsync().AsTask().WaitAsync(SseStream.Timeout);
            Assert.InRange(moment, DateTimeOffset.MinValue, written - ChangeFeedReader.Overlap + TimeSpan.FromMilliseconds(1));
        }
    }

    /// <summary>The service's clock has gone back: no poll that trusts timestamps brings the row.</summary>
    [Fact]
    public async Task Row_that_its_timestamp_hides_is_found_by_a_full_poll()
    {
        Start();
        await PutAsync("one", (1, "a"));
        Assert.Equal(["a"], await HearAsync(1));
        proxy.Intercept = async call =>
        {
            using var answer = await call.ForwardAsync();
            if (MomentOf(call) > DateTimeOffset.UtcNow - TimeSpan.FromSeconds(4))
                answer.Content = new StringContent("""{"value":[]}""", new MediaTypeHeaderValue("application/json"));

            await call.ReplyAsync(answer);
        };

        await PutAsync("one", (2, "b"), (1, "a"));

        Assert.Equal(["b"], await HearAsync(1));
    }

    /// <summary>The filter is exact to the millisecond, as it is sent and as it is understood.</summary>
    [Fact]
    public async Task Poll_brings_the_rows_after_a_moment_and_no_others()
    {
        await table.Client().CreateIfNotExistsAsync(); // first, so that the key's time is close to the row's
        var key = ChangeFeedRow.Key(DateTimeOffset.UtcNow, 0);
        await PutAsync(key, "one", (1, "a"));
        var entity = await table.Client().GetEntityAsync<TableEntity>(ChangeFeedRow.Partition, key);
        var written = entity.Value.Timestamp!.Value;

        var before = await ReadAsync(written - TimeSpan.FromMilliseconds(1));
        var after = await ReadAsync(written);

        Assert.Equal(key, Assert.Single(before).RowKey);
        Assert.Empty(after);

        async Task<IReadOnlyList<TableEntity>> ReadAsync(DateTimeOffset moment) =>
            (await table.Table().ReadChangesAsync(ChangeFeedRow.WrittenAfter(moment), EventTable.ReadTimeout, CancellationToken.None)).Rows;
    }

    [Fact]
    public async Task Missing_table_is_no_fault_and_hides_nothing_that_comes_with_it()
    {
        var polls = Channel.CreateUnbounded<bool>();
        proxy.Intercept = async call =>
        {
            await StorageProxy.PassOnAsync(call);
            polls.Writer.TryWrite(true);
        };
        Start();
        for (var i = 0; i < 3; i++)
            await polls.Reader.ReadAsync().AsTask().WaitAsync(SseStream.Timeout);

        await PutAsync("one", (1, "a"));

        Assert.Equal(["a"], await HearAsync(1));
        Assert.Equal(0, log.Count);
    }

    [Fact]
    public async Task Throttled_polls_become_rare_make_few_lines_and_recover()
    {
        var time = new PollTimes(ChangeFeedReader.MaxFaultInterval);
        var polls = 0;
        var answer = 503;
        proxy.Intercept = call =>
        {
            Interlocked.Increment(ref polls);
            return answer == 503 ? Faults.Refuse(503)(call) : StorageProxy.PassOnAsync(call);
        };
        await table.Client().CreateIfNotExistsAsync();
        Start(time);

        await PassAsync(time, TimeSpan.FromSeconds(20));
        var throttled = polls;
        answer = 200;
        await PassAsync(time, TimeSpan.FromSeconds(50));
        var before = polls;
        await PassAsync(time, TimeSpan.FromSeconds(1));

        Assert.InRange(throttled, 5, 25);
        Assert.Equal(2, log.Count); // the first at once, the others when the minute is over
        Assert.InRange(polls - before, 3, 60);
    }

    /// <summary>The moment after which a poll asks for rows.</summary>
    private static DateTimeOffset MomentOf(StorageCall call) =>
        DateTimeOffset.Parse(Uri.UnescapeDataString(call.PathAndQuery).Split("datetime'")[1].Split('\'')[0], CultureInfo.InvariantCulture);

    private void Start(TimeProvider? time = null)
    {
        var reader = new ChangeFeedReader(table.Through(proxy).Table(time), Own, Interval, time ?? TimeProvider.System, log);
        running = Task.Run(() => reader.RunAsync(change => heard.Writer.TryWrite(change.Topic.Name), () => heard.Writer.TryWrite("gap"), stop.Token));
    }

    private Task PutAsync(string process, params (long Flush, string Topic)[] changes) => PutAsync(row, process, changes);

    private async Task PutAsync(string rowKey, string process, params (long Flush, string Topic)[] changes)
    {
        await table.Client().CreateIfNotExistsAsync();
        var lines = changes.Select(change => ChangeFeedRow.ToLine(change.Flush, new TopicChange(Topic.Parse(change.Topic), new EventId("abc123", change.Flush), false)));
        await table.Client().UpsertEntityAsync(new TableEntity(ChangeFeedRow.Partition, rowKey) { [ChangeFeedRow.PagesOf(process)] = string.Concat(lines) });
    }

    private async Task<IReadOnlyList<string>> HearAsync(int count)
    {
        var all = new List<string>();
        while (all.Count < count)
            all.Add(await heard.Reader.ReadAsync().AsTask().WaitAsync(SseStream.Timeout));

        return all;
    }

    /// <summary>Lets time pass, and each poll that is due meanwhile come to its end.</summary>
    private async Task PassAsync(PollTimes time, TimeSpan duration)
    {
        for (var passed = TimeSpan.Zero; passed < duration; passed += TimeSpan.FromMilliseconds(100))
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            do
                await table.Table().ReadClockAsync(CancellationToken.None); // a poll takes as long
            while (!time.IsPause);
        }
    }

    private async Task<T> PassUntilAsync<T>(PollTimes time, Task<T> awaited)
    {
        while (!awaited.IsCompleted)
            await PassAsync(time, TimeSpan.FromMilliseconds(100));

        return await awaited;
    }
}
