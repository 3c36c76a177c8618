using System.Net.Http.Headers;
using System.Threading.Channels;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using EventId = SseFunctions.EventLog.EventId;

namespace SseFunctions.Tests.EventLog;

/// <summary>What a reader makes of other processes' rows, whatever the table and its clock do.</summary>
public sealed class ChangeFeedReaderTests : IAsyncLifetime, IDisposable
{
    private const string Own = "own";
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    private readonly Channel<string> heard = Channel.CreateUnbounded<string>();
    private readonly CancellationTokenSource stop = new();
    private readonly CountedWarnings log = new();
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
    public async Task Each_change_is_taken_once_and_what_stood_before_the_start_at_the_start()
    {
        await PutAsync("one", 2, 1, (2, "b"), (1, "a"));
        Start();
        Assert.Equal(["b", "a"], await HearAsync(2));

        await PutAsync(Own, 1, 1, (1, "mine"));
        await PutAsync("one", 3, 1, (3, "c"), (2, "b"), (1, "a"));
        Assert.Equal(["c"], await HearAsync(1));
        await PutAsync("two", 1, 1, (1, "d"));
        Assert.Equal(["d"], await HearAsync(1));
    }

    /// <summary>Rows that are replaced faster than they are read lose changes; that is noticed, and only that.</summary>
    [Fact]
    public async Task Gap_is_noticed_when_changes_dropped_out_of_a_row_between_two_polls()
    {
        await PutAsync("one", 2, 2, (2, "a"));
        Start();
        Assert.Equal(["a"], await HearAsync(1));

        await PutAsync("one", 4, 3, (4, "c"), (3, "b"));
        Assert.Equal(["c", "b"], await HearAsync(2));
        await PutAsync("one", 9, 7, (9, "f"), (7, "e"));
        Assert.Equal(["f", "e", "gap"], await HearAsync(3));
        await PutAsync("new", 9, 7, (9, "g"));
        Assert.Equal(["g", "gap"], await HearAsync(2));
    }

    /// <summary>The service's clock has gone back: no poll that trusts timestamps brings the row.</summary>
    [Fact]
    public async Task Row_that_its_timestamp_hides_is_found_by_a_full_poll()
    {
        await PutAsync("one", 1, 1, (1, "a"));
        Start();
        Assert.Equal(["a"], await HearAsync(1));
        DateTimeOffset? since = null;
        proxy.Intercept = async call =>
        {
            using var answer = await call.ForwardAsync();
            var filter = Uri.UnescapeDataString(call.PathAndQuery).Split("datetime'");
            since = filter.Length > 1 ? DateTimeOffset.Parse(filter[1].Split('\'')[0], System.Globalization.CultureInfo.InvariantCulture) : null;
            if (since > DateTimeOffset.UtcNow - TimeSpan.FromMinutes(5))
                answer.Content = new StringContent("""{"value":[]}""", new MediaTypeHeaderValue("application/json"));

            await call.ReplyAsync(answer);
        };

        await PutAsync("one", 2, 1, (2, "b"), (1, "a"));

        Assert.Equal(["b"], await HearAsync(1));
    }

    /// <summary>The filter is exact to the millisecond, as it is sent and as it is understood.</summary>
    [Fact]
    public async Task Poll_brings_the_rows_after_a_moment_and_no_others()
    {
        await PutAsync("one", 1, 1, (1, "a"));
        var row = await table.Client().GetEntityAsync<TableEntity>(ChangeFeedRow.Partition, "one");
        var written = row.Value.Timestamp!.Value;

        var before = await ReadAsync(written - TimeSpan.FromMilliseconds(1));
        var after = await ReadAsync(written);

        Assert.Equal("one", Assert.Single(before).RowKey);
        Assert.Empty(after);

        async Task<IReadOnlyList<TableEntity>> ReadAsync(DateTimeOffset moment) =>
            (await table.Table().ReadChangesAsync(ChangeFeedRow.Others(Own, moment), EventTable.ReadTimeout, CancellationToken.None)).Rows;
    }

    [Fact]
    public async Task Missing_table_is_no_fault()
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

        await PutAsync("one", 1, 1, (1, "a"));

        Assert.Equal(["a"], await HearAsync(1));
        Assert.Equal(0, log.Count);
    }

    [Fact]
    public async Task Throttled_polls_become_rare_make_one_line_and_recover()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var polls = 0;
        var answer = 503;
        proxy.Intercept = call =>
        {
            Interlocked.Increment(ref polls);
            return answer == 503 ? Faults.Refuse(503)(call) : StorageProxy.PassOnAsync(call);
        };
        await PutAsync("one", 1, 1, (1, "a"));
        Start(time);

        await PassAsync(time, TimeSpan.FromSeconds(20));
        var throttled = polls;
        answer = 200;
        Assert.Equal(["a"], await PassUntilAsync(time, HearAsync(1)));
        await PassAsync(time, TimeSpan.FromSeconds(50));
        var before = polls;
        await PassAsync(time, TimeSpan.FromSeconds(1));

        Assert.InRange(throttled, 5, 20);
        Assert.Equal(1, log.Count);
        Assert.InRange(polls - before, 3, 60);
    }

    private void Start(TimeProvider? time = null)
    {
        var reader = new ChangeFeedReader(table.Through(proxy).Table(time), () => Own, Interval, time ?? TimeProvider.System, log);
        running = Task.Run(() => reader.RunAsync(change => heard.Writer.TryWrite(change.Topic.Name), () => heard.Writer.TryWrite("gap"), stop.Token));
    }

    private async Task PutAsync(string writer, long sequence, long since, params (long Flush, string Topic)[] changes)
    {
        await table.Client().CreateIfNotExistsAsync();
        var row = new ChangeFeedRow(writer, sequence, since, [.. changes.Select(change => (change.Flush, new TopicChange(Topic.Parse(change.Topic), new EventId("abc123", change.Flush), false)))]);
        await table.Client().UpsertEntityAsync(row.ToEntity(), TableUpdateMode.Replace);
    }

    private async Task<IReadOnlyList<string>> HearAsync(int count)
    {
        var all = new List<string>();
        while (all.Count < count)
            all.Add(await heard.Reader.ReadAsync().AsTask().WaitAsync(SseStream.Timeout));

        return all;
    }

    private async Task PassAsync(FakeTimeProvider time, TimeSpan duration)
    {
        for (var passed = TimeSpan.Zero; passed < duration; passed += TimeSpan.FromMilliseconds(100))
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            await table.Table().ReadClockAsync(CancellationToken.None); // a poll takes as long
        }
    }

    private async Task<T> PassUntilAsync<T>(FakeTimeProvider time, Task<T> awaited)
    {
        while (!awaited.IsCompleted)
            await PassAsync(time, TimeSpan.FromMilliseconds(100));

        return await awaited;
    }

    private sealed class CountedWarnings : ILogger<ChangeFeedReader>
    {
        public int Count { get; private set; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Count += logLevel == LogLevel.Warning ? 1 : 0;
    }
}
