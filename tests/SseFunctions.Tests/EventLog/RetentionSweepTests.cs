using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;
using static SseFunctions.Tests.EventLog.LogActions;

namespace SseFunctions.Tests.EventLog;

public sealed class RetentionSweepTests
{
    private static readonly Topic[] Topics = [Topic.Parse("a"), Topic.Parse("b"), Topic.Parse("c"), Topic.Parse("d")];

    [Fact]
    public async Task RunAsync_trims_every_topic_of_the_table_when_each_has_too_many_events()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await FilledAsync();
        proxy.Intercept = Faults.On(call => call.IsQuery, Paging.InPagesOf(3)); // the topics come in two pages
        var logger = new Entries();

        await SweepAsync(table.Through(proxy), logger);

        foreach (var topic in Topics)
            Assert.Equal(["e4", "e5"], await table.Log().ReadTextsAsync(topic));

        Assert.Equal([LogLevel.Information], logger.Levels); // one line, however many topics
    }

    [Fact]
    public async Task RunAsync_says_nothing_when_there_is_nothing_to_do()
    {
        var table = await LogTable.NewAsync();
        var logger = new Entries();

        await SweepAsync(table, logger); // no table at all
        await table.Log().AppendTextsAsync("a");
        await SweepAsync(table, logger);

        Assert.Empty(logger.Levels);
    }

    [Theory]
    [InlineData(403)]
    [InlineData(500)]
    public async Task RunAsync_trims_the_other_topics_when_one_fails(int status)
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await FilledAsync();
        proxy.Intercept = call => Uri.UnescapeDataString(call.PathAndQuery).Contains("PartitionKey='b'", StringComparison.Ordinal)
            ? Faults.Refuse(status)(call)
            : StorageProxy.PassOnAsync(call);
        var logger = new Entries();

        await SweepAsync(table.Through(proxy), logger);

        foreach (var topic in Topics)
            Assert.Equal(topic.Name == "b" ? Texts(5) : ["e4", "e5"], await table.Log().ReadTextsAsync(topic));

        Assert.Single(logger.Levels, LogLevel.Warning);
    }

    /// <summary>The next run will do it: a timer's function that throws is a failed invocation and no more.</summary>
    [Fact]
    public async Task RunAsync_ends_with_a_warning_when_the_topics_cannot_be_listed()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await FilledAsync();
        proxy.Intercept = call => call.IsQuery ? Faults.Refuse(403)(call) : StorageProxy.PassOnAsync(call);
        var logger = new Entries();

        await SweepAsync(table.Through(proxy), logger);

        Assert.Equal([LogLevel.Warning], logger.Levels);
        Assert.Equal(Texts(5), await table.Log().ReadTextsAsync(Topics[0]));
    }

    [Fact]
    public async Task RunAsync_leaves_the_rest_to_the_next_run_when_the_host_stops()
    {
        var table = await FilledAsync();
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();
        var entries = new Entries();

        await SweepAsync(table, entries, stopped.Token); // thrown, it would count as a failed invocation

        Assert.Empty(entries.Levels);
        foreach (var topic in Topics)
            Assert.Equal(1, (await table.Log().ReadHeadAsync(topic, CancellationToken.None))!.First);
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(2, 0)] // the table's clock says that two days have passed
    public async Task RunAsync_counts_age_by_the_tables_clock_when_this_process_clock_has_jumped(int tablesDays, int retained)
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await FilledAsync();
        proxy.Intercept = async call =>
        {
            using var answer = await call.ForwardAsync();
            answer.Headers.Date += TimeSpan.FromDays(tablesDays);
            await call.ReplyAsync(answer);
        };
        var jumped = new PassingTime();
        jumped.Advance(TimeSpan.FromDays(365));
        var sweep = table.Through(proxy).Sweep(new RetentionOptions(), jumped);

        await sweep.RunAsync(CancellationToken.None).WaitAsync(SseStream.Timeout);

        Assert.Equal(retained, (await table.Log().ReadHeadAsync(Topics[0], CancellationToken.None))?.Count ?? 0);
    }

    [Fact]
    public async Task RunAsync_trims_several_topics_at_once_and_no_more_than_its_bound()
    {
        await using var proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        await ListAsync(table, 3 * RetentionSweep.ParallelTopics);
        var (atOnce, highest) = (0, 0);
        var full = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        proxy.Intercept = async call =>
        {
            var isHead = call.PathAndQuery.Contains(Uri.EscapeDataString(LogRows.HeadKey), StringComparison.Ordinal);
            if (isHead && Interlocked.Increment(ref atOnce) == RetentionSweep.ParallelTopics)
                full.TrySetResult();

            if (isHead)
            {
                await full.Task; // fails by its timeout where fewer come at once
                highest = Math.Max(highest, Volatile.Read(ref atOnce));
                Interlocked.Decrement(ref atOnce);
            }

            await StorageProxy.PassOnAsync(call);
        };

        await SweepAsync(table.Through(proxy), new Entries());

        Assert.InRange(highest, 2, RetentionSweep.ParallelTopics);
        Assert.True(full.Task.IsCompleted);
    }

    /// <summary>Else the last of many topics would never have their turn where each run is cut short.</summary>
    [Fact]
    public async Task RunAsync_goes_on_where_the_last_run_stopped()
    {
        var table = await LogTable.NewAsync();
        var names = await ListAsync(table, RetentionSweep.PageTopics + 50);
        await SweptAsync(stopAt: names[RetentionSweep.PageTopics + 20]);

        var swept = await SweptAsync();

        Assert.Equal(names[RetentionSweep.PageTopics..].Order(), swept[..50].Order()); // these first
        Assert.Equal(names.Order(), swept.Order());
        swept = await SweptAsync(stopAt: names[20]); // a run that came to its end leaves no place
        Assert.Subset(names[..RetentionSweep.PageTopics].ToHashSet(), swept.ToHashSet());

        // A run on its own, whose last requests do not come into the next one's. Topics in the order in which it has looked at them.
        async Task<string[]> SweptAsync(string? stopAt = null)
        {
            await using var proxy = await StorageProxy.StartAsync();
            using var stops = new CancellationTokenSource();
            var looked = new List<string>();
            proxy.Intercept = async call =>
            {
                var name = names.FirstOrDefault(name => call.PathAndQuery.Contains(name, StringComparison.Ordinal) && !call.IsQuery);
                lock (looked)
                    looked.AddRange(name is null ? [] : [name]);

                if (name is not null && name == stopAt)
                    await stops.CancelAsync();

                await StorageProxy.PassOnAsync(call);
            };
            await SweepAsync(table.Through(proxy), new Entries(), stops.Token);
            lock (looked)
            {
                Assert.InRange(looked.Count, 0, names.Length + 10); // the client may repeat a request that got no answer
                return [.. looked.Distinct()];
            }
        }
    }

    /// <summary>Lists topics without logs, which is all that a sweep needs to look for them.</summary>
    private static async Task<string[]> ListAsync(LogTable table, int count)
    {
        string[] names = [.. Enumerable.Range(0, count).Select(n => $"t{n:D5}")];
        await table.Client().CreateIfNotExistsAsync();
        foreach (var batch in names.Chunk(100))
        {
            await table.Client().SubmitTransactionAsync(batch.Select(name =>
                new TableTransactionAction(TableTransactionActionType.Add, TopicRows.Registration(Topic.Parse(name)))));
        }

        return names;
    }

    private static async Task<LogTable> FilledAsync()
    {
        var table = await LogTable.NewAsync();
        var log = table.Log();
        foreach (var topic in Topics)
            await log.AppendAsync(topic, [.. Texts(5).Select(Event)], null, CancellationToken.None);

        return table;
    }

    private static Task SweepAsync(LogTable table, ILogger<RetentionSweep> logger, CancellationToken cancellationToken = default)
    {
        var sweep = table.Sweep(new RetentionOptions { MaxEvents = 2 }, new PassingTime(), logger);
        return sweep.RunAsync(cancellationToken).WaitAsync(SseStream.LongTimeout, CancellationToken.None);
    }

    private sealed class Entries : ILogger<RetentionSweep>
    {
        public List<LogLevel> Levels { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Levels.Add(logLevel);
    }
}
