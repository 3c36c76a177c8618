using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging.Abstractions;
using SseFunctions.EventLog;
using SseFunctions.Streaming;
using SseFunctions.Tests.EventLog;
using SseFunctions.TestSupport;
using EventId = SseFunctions.EventLog.EventId;

namespace SseFunctions.Tests.Streaming;

/// <summary>Which rows are read, and how often, for readers at any places of a topic.</summary>
public sealed class TopicLoadsTests : IAsyncLifetime, IDisposable
{
    private const int Events = 400;
    private const int FirstLoad = 32;
    private static readonly Topic Topic = Topic.Parse("a");

    private readonly object owner = new();
    private readonly TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<(long From, long To)> loaded = [];
    private StorageProxy? proxy;
    private TableReads? reads;
    private string epoch = "";

    public async Task InitializeAsync()
    {
        proxy = await StorageProxy.StartAsync();
        var table = await LogTable.NewAsync();
        var log = table.Through(proxy).Log();
        for (var left = Events; left > 0; left -= 80)
            await log.AppendAsync(Topic, [.. Enumerable.Repeat(new NewEvent(null, "x"u8.ToArray()), 80)], null, CancellationToken.None);

        epoch = (await log.ReadHeadAsync(Topic, CancellationToken.None))!.Epoch;
        reads = new TableReads(log, TimeProvider.System, NullLogger.Instance);
    }

    public async Task DisposeAsync() => await proxy!.DisposeAsync();

    public void Dispose() => reads!.Dispose();

    [Fact]
    public async Task Readers_of_the_same_events_share_a_load()
    {
        HoldQueries();
        var loads = Loads(new FrameCache(long.MaxValue));

        var load = loads.Begin(Id(0), Events);

        Assert.Same(load, loads.Begin(Id(5), Events));
        release.SetResult();
        await load.WaitAsync(SseStream.Timeout);
    }

    [Theory]
    [InlineData(221, 230, 200, 201, 220)]
    [InlineData(1, 10, 200, 201, 200 + FirstLoad)] // the gap to it stays
    [InlineData(391, 400, 200, 201, 200 + FirstLoad)]
    public async Task Load_leaves_out_what_is_held(long firstHeld, long lastHeld, long cursor, long from, long to)
    {
        var cache = new FrameCache(long.MaxValue);
        Hold(cache, firstHeld, lastHeld);

        await Loads(cache).Begin(Id(cursor), Events).WaitAsync(SseStream.Timeout);

        Assert.Equal([(from, to)], loaded);
    }

    [Fact]
    public async Task What_is_held_is_not_loaded()
    {
        var cache = new FrameCache(long.MaxValue);
        Hold(cache, 1, 250);

        Assert.Null(await Loads(cache).Begin(Id(200), Events).WaitAsync(SseStream.Timeout));

        Assert.Empty(loaded);
    }

    /// <summary>Two readers at places near each other get what each lacks, and no row is read twice.</summary>
    [Fact]
    public async Task Load_ends_where_another_one_has_begun()
    {
        HoldQueries();
        var loads = Loads(new FrameCache(long.MaxValue));

        var later = loads.Begin(Id(30), Events);
        var earlier = loads.Begin(Id(20), Events);
        release.SetResult();
        await Task.WhenAll(later, earlier).WaitAsync(SseStream.Timeout);

        Assert.Equal([(21, 30), (31, 30 + FirstLoad)], loaded.Order());
    }

    /// <summary>What each brings too early, the others' would evict.</summary>
    [Fact]
    public async Task Loads_are_smaller_the_more_of_them_are_under_way()
    {
        HoldQueries();
        var loads = Loads(new FrameCache(long.MaxValue));

        var all = Enumerable.Range(0, 10).Select(i => loads.Begin(Id(40 * i), Events)).ToList();
        release.SetResult();
        await Task.WhenAll(all).WaitAsync(SseStream.Timeout);

        Assert.Equal([32, 16, 10, 8, 6, 5, 4, 4, 4, 4], loaded.Order().Select(load => load.To - load.From + 1));
    }

    [Fact]
    public async Task Load_is_forgotten_when_it_ends()
    {
        var cache = new FrameCache(long.MaxValue);
        var loads = Loads(cache);
        await loads.Begin(Id(200), Events).WaitAsync(SseStream.Timeout);

        cache.Evict(owner);
        await loads.Begin(Id(200), Events).WaitAsync(SseStream.Timeout);

        Assert.Equal(2, loaded.Count);
    }

    [Fact]
    public async Task Load_grows_once_it_is_known_how_small_the_events_are()
    {
        var loads = Loads(new FrameCache(long.MaxValue));

        await loads.Begin(Id(0), Events).WaitAsync(SseStream.Timeout);
        await loads.Begin(Id(FirstLoad), Events).WaitAsync(SseStream.Timeout);

        Assert.Equal([(1, FirstLoad), (FirstLoad + 1, Events)], loaded);
    }

    [Theory]
    [InlineData(long.MaxValue, 11, 10 + FirstLoad)]
    [InlineData(1024 * 1024, 21, 40)] // less than a load brings: it would evict what others read
    public async Task Load_is_begun_ahead_of_a_reader_where_there_is_room(long capacity, long from, long to)
    {
        HoldQueries();
        var cache = new FrameCache(capacity);
        Hold(cache, 1, 10);
        var loads = Loads(cache);

        loads.ReadAhead(Id(0), Events);
        cache.Evict(owner);
        var load = loads.Begin(Id(20), 40); // shares the load ahead, if there is one
        release.SetResult();
        await load.WaitAsync(SseStream.Timeout);

        Assert.Equal([(from, to)], loaded);
    }

    /// <summary>A topic of small events may go on with events of 64 KiB, and many readers be there by then.</summary>
    [Fact]
    public async Task Small_events_count_for_more_since_those_after_them_may_be_large()
    {
        var loads = Loads(new FrameCache(long.MaxValue));
        await loads.Begin(Id(0), Events).WaitAsync(SseStream.Timeout);
        var others = await reads!.EnterLoadAsync(TableReads.MaxLoadBytes - (512 * 1024), CancellationToken.None);

        var load = loads.Begin(Id(FirstLoad), Events); // 336 events of a byte
        while (reads.WaitingLoads == 0)
        {
            Assert.False(load.IsCompleted);
            await Task.Yield();
        }

        others.Dispose();
        await load.WaitAsync(SseStream.Timeout);
    }

    /// <summary>Nobody may wait for a load ahead, and its fault is in the log already.</summary>
    [Fact]
    public async Task Load_ahead_that_fails_is_observed()
    {
        var unobserved = new ConcurrentQueue<string>();
        TaskScheduler.UnobservedTaskException += Note;
        try
        {
            proxy!.Intercept = call => call.IsQuery ? Faults.Refuse(400)(call) : StorageProxy.PassOnAsync(call);
            await FailToReadAheadAsync();
            for (var i = 0; i < 10; i++)
            {
                // On another thread: this one may still be in the middle of ending the load.
                await Task.Factory.StartNew(GC.Collect, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
                GC.WaitForPendingFinalizers();
            }
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Note;
        }

        Assert.DoesNotContain(unobserved, exception => exception.Contains(nameof(TopicLoads), StringComparison.Ordinal));

        void Note(object? sender, UnobservedTaskExceptionEventArgs args) => unobserved.Enqueue(args.Exception.ToString());
    }

    /// <summary>In a method of its own, so that nothing holds the load when it returns.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task FailToReadAheadAsync()
    {
        var cache = new FrameCache(long.MaxValue);
        Hold(cache, 1, 10);
        var loads = Loads(cache);

        loads.ReadAhead(Id(0), Events);

        await Task.WhenAny(loads.Begin(Id(20), Events)).WaitAsync(SseStream.Timeout); // shares the load ahead, and does not ask what became of it
    }

    private TopicLoads Loads(FrameCache cache) => new(
        Topic,
        reads!,
        cache,
        owner,
        (after, to, buffers) =>
        {
            loaded.Enqueue((after.Sequence + 1, to));
            buffers.ForEach(buffer => cache.Put(owner, buffer));
        },
        () => Task.CompletedTask,
        CancellationToken.None);

    private void HoldQueries() => proxy!.Intercept = async call =>
    {
        if (call.IsQuery)
            await release.Task;

        await StorageProxy.PassOnAsync(call);
    };

    private void Hold(FrameCache cache, long first, long last) => FrameBuffer
        .From(epoch, [.. Enumerable.Range((int)first, (int)(last - first) + 1).Select(i => new StoredEvent(i, null, "x"u8.ToArray(), default))])
        .ForEach(buffer => cache.Put(owner, buffer));

    private EventId Id(long sequence) => new(epoch, sequence);
}
