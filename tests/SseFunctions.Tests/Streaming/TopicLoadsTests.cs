using System.Collections.Concurrent;
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
    private const int FirstLoad = 128;
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

        var load = loads.Begin(Id(0), 1, Events);

        Assert.Same(load, loads.Begin(Id(5), 1, Events));
        release.SetResult();
        await load.WaitAsync(SseStream.Timeout);
    }

    [Theory]
    [InlineData(251, 260, 200, 201, 250)] // of the next block
    [InlineData(101, 110, 50, 1, 100)] // of the same block: from its start, so that the two parts touch
    [InlineData(1, 10, 5, 11, 5 + FirstLoad)]
    public async Task Load_leaves_out_what_is_held(long firstHeld, long lastHeld, long cursor, long from, long to)
    {
        var cache = new FrameCache(long.MaxValue);
        Hold(cache, firstHeld, lastHeld);

        await Loads(cache).Begin(Id(cursor), 1, Events).WaitAsync(SseStream.Timeout);

        Assert.Equal([(from, to)], loaded);
    }

    /// <summary>Else a reader there would get the finished load again and again, without what it waits for.</summary>
    [Fact]
    public async Task Load_that_began_after_what_was_held_is_forgotten_when_it_ends()
    {
        var cache = new FrameCache(long.MaxValue);
        Hold(cache, 1, 250);
        var loads = Loads(cache);
        await loads.Begin(Id(200), 1, Events).WaitAsync(SseStream.Timeout);

        cache.Evict(owner);
        await loads.Begin(Id(200), 1, Events).WaitAsync(SseStream.Timeout);

        Assert.Equal(2, loaded.Count);
    }

    [Fact]
    public async Task Load_grows_once_it_is_known_how_small_the_events_are()
    {
        var loads = Loads(new FrameCache(long.MaxValue));

        await loads.Begin(Id(0), 1, Events).WaitAsync(SseStream.Timeout);
        await loads.Begin(Id(FirstLoad), 1, Events).WaitAsync(SseStream.Timeout);

        Assert.Equal([(1, FirstLoad), (FirstLoad + 1, Events)], loaded);
    }

    [Theory]
    [InlineData(long.MaxValue, 11, 10 + FirstLoad)]
    [InlineData(1024 * 1024, 201, 250)] // less than a load brings: it would evict what others read
    public async Task Load_is_begun_ahead_of_a_reader_where_there_is_room(long capacity, long from, long to)
    {
        HoldQueries();
        var cache = new FrameCache(capacity);
        Hold(cache, 1, 10);
        var loads = Loads(cache);

        loads.ReadAhead(Id(0), 1, Events);
        cache.Evict(owner);
        var sameBlock = loads.Begin(Id(200), 1, 250); // shares the load ahead, if there is one
        release.SetResult();
        await sameBlock.WaitAsync(SseStream.Timeout);

        Assert.Equal([(from, to)], loaded);
    }

    /// <summary>A topic of small events may go on with events of 64 KiB, and many readers be there by then.</summary>
    [Fact]
    public async Task Small_events_count_for_more_since_those_after_them_may_be_large()
    {
        var loads = Loads(new FrameCache(long.MaxValue));
        await loads.Begin(Id(0), 1, Events).WaitAsync(SseStream.Timeout);
        var others = await reads!.EnterLoadAsync(TableReads.MaxLoadBytes - (512 * 1024), CancellationToken.None);

        var load = loads.Begin(Id(FirstLoad), 1, Events); // 272 events of a byte
        while (reads.WaitingLoads == 0)
        {
            Assert.False(load.IsCompleted);
            await Task.Yield();
        }

        others.Dispose();
        await load.WaitAsync(SseStream.Timeout);
    }

    private TopicLoads Loads(FrameCache cache) => new(
        Topic,
        reads!,
        cache,
        owner,
        (after, to, blocks) =>
        {
            loaded.Enqueue((after.Sequence + 1, to));
            blocks.ForEach(block => cache.Put(owner, block));
        },
        () => Task.CompletedTask,
        CancellationToken.None);

    private void HoldQueries() => proxy!.Intercept = async call =>
    {
        if (call.IsQuery)
            await release.Task;

        await StorageProxy.PassOnAsync(call);
    };

    private void Hold(FrameCache cache, long first, long last) => FrameBlock
        .From(epoch, [.. Enumerable.Range((int)first, (int)(last - first) + 1).Select(i => new StoredEvent(i, null, "x"u8.ToArray(), default))])
        .ForEach(block => cache.Put(owner, block));

    private EventId Id(long sequence) => new(epoch, sequence);
}
