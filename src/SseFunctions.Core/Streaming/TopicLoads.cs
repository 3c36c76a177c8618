using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>Reads a topic's events from the table, each row once, however many ask for it meanwhile. For its feed, which has a lock of its own.</summary>
/// <param name="reads">Where it is read.</param>
/// <param name="cache">Where the feed keeps it.</param>
/// <param name="owner">Under whom the cache keeps it.</param>
/// <param name="onLoaded">Takes what was read: the event before it, the last sequence that was asked for and known to be committed, and what there was.</param>
/// <param name="readHeadAsync">Reads the head anew. Rows are missing when they have expired, which the head then says, or when the log is another one.</param>
/// <param name="stop">The feed's end.</param>
internal sealed class TopicLoads(
    Topic topic,
    TableReads reads,
    FrameCache cache,
    object owner,
    Action<EventId, long, List<FrameBlock>> onLoaded,
    Func<Task> readHeadAsync,
    CancellationToken stop)
{
    /// <summary>What a load is to bring, about. Events have up to 64 KiB, and a thousand of them would be too much at a time.</summary>
    private const int LoadBytes = 2 * 1024 * 1024;

    /// <summary>The rows of the first load, before it is known how large this topic's events are.</summary>
    private const int FirstLoadRows = 128;

    /// <summary>
    /// What an event counts for at least while it is loaded: it may be up to 16 times as large, whatever those before it were. So
    /// where all events grow at once, loads have 16 times <see cref="TableReads.MaxLoadBytes"/>, 64 MiB, and not what their number allows.
    /// </summary>
    private const int MinRowBytes = 4 * 1024;

    private static readonly Task<FrameBuffer?> Nothing = Task.FromResult<FrameBuffer?>(null);

    private readonly Lock gate = new();
    private readonly Dictionary<(string Epoch, long Block), Task<FrameBuffer?>> loads = [];

    /// <summary>Bytes of an event, by those loaded last; null before the first.</summary>
    private long? rowBytes;

    /// <summary>Reads what follows the cursor, about as much as one request brings.</summary>
    /// <param name="cursor">Of the log's epoch.</param>
    /// <param name="first">The first sequence that may be in the table.</param>
    /// <param name="last">The last one.</param>
    /// <param name="committed">The last one that is known to be committed, where that is less: what follows is missing if it is not.</param>
    /// <returns>The beginning of what was read, or null when there was nothing.</returns>
    public Task<FrameBuffer?> Begin(EventId cursor, long first, long last, long? committed = null)
    {
        lock (gate)
        {
            var (epoch, from, block) = (cursor.Epoch, cursor.Sequence + 1, FrameBlock.NumberOf(cursor.Sequence + 1));
            if (loads.TryGetValue((epoch, block), out var load))
                return load;

            var to = Math.Min(last, cursor.Sequence + RowsOfLoad());
            if (cache.Held(owner, block) is { } held)
            {
                // What touches that is joined to it.
                (from, to) = from < held.First
                    ? (Math.Max(first, FrameBlock.FirstOf(block)), held.First - 1)
                    : (held.Last + 1, to);
            }

            for (var next = block + 1; FrameBlock.FirstOf(next) <= to; next++)
            {
                if (cache.Held(owner, next) is not null || loads.ContainsKey((epoch, next)))
                    to = FrameBlock.FirstOf(next) - 1;
            }

            if (from > to)
                return Nothing;

            using (ExecutionContext.SuppressFlow())
                load = Task.Run(() => LoadAsync(cursor with { Sequence = from - 1 }, to, cursor.Sequence + 1, committed ?? last), CancellationToken.None);

            Observe(load);
            for (var covered = block; covered <= FrameBlock.NumberOf(to); covered++)
                loads[(epoch, covered)] = load;

            return load;
        }
    }

    /// <summary>Reads what a hint has announced after the known head.</summary>
    public Task BeginHinted(TopicView known) => Begin(known.Head!.LastId, known.First, known.HintedRows!.Value, committed: known.Head.Last);

    /// <summary>
    /// Keeps one load ahead of a reader that catches up: the table works while the reader's client is written to. Not where
    /// that would evict what others read.
    /// </summary>
    /// <inheritdoc cref="Begin"/>
    public void ReadAhead(EventId cursor, long first, long last)
    {
        int rows;
        lock (gate)
            rows = RowsOfLoad();

        var ahead = cursor.Sequence;
        while (ahead - cursor.Sequence < rows
            && cache.Held(owner, FrameBlock.NumberOf(ahead + 1)) is { } held && held.First <= ahead + 1 && held.Last > ahead)
        {
            ahead = held.Last;
        }

        if (ahead < last && ahead - cursor.Sequence < rows && cache.HasRoomFor(LoadBytes))
            _ = Begin(cursor with { Sequence = ahead }, first, last);
    }

    /// <summary>A load that failed has been logged, and those who still wait for it learn of it; there may be nobody.</summary>
    private static void Observe(Task load) => _ = load.ContinueWith(
        static failed => _ = failed.Exception,
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);

    /// <summary>While others wait for their turn, a load brings less: what it brings too early, theirs would evict.</summary>
    private int RowsOfLoad() => rowBytes is { } bytes
        ? (int)Math.Clamp(Math.Max(LoadBytes / (1 + reads.WaitingLoads), FrameBuffer.MaxBytes) / bytes, 1, TableEventLog.PageRows)
        : FirstLoadRows;

    /// <param name="after">The event before the first to load.</param>
    /// <param name="to">The last one.</param>
    /// <param name="wanted">The one that its reader waits for.</param>
    /// <param name="committed">The last one that is known to be committed.</param>
    private async Task<FrameBuffer?> LoadAsync(EventId after, long to, long wanted, long committed)
    {
        var (epoch, from) = (after.Epoch, after.Sequence + 1);
        try
        {
            using var room = await reads.EnterLoadAsync((to - after.Sequence) * Math.Max(rowBytes ?? AppendLimits.MaxDataBytes, MinRowBytes), stop);
            var events = await reads.EventsAsync(topic, epoch, from, to, stop);
            if (events.Count == 0 || events[0].Sequence != from)
                await readHeadAsync();

            var blocks = FrameBlock.From(epoch, events);
            var buffer = blocks.FirstOrDefault()?.BufferAt(wanted); // before others add to it
            if (blocks.LastOrDefault() is { } newest)
            {
                lock (gate)
                    rowBytes = newest.Size / newest.Count;
            }

            onLoaded(after, Math.Min(to, committed), blocks);
            return buffer;
        }
        catch (Exception ex) when (!stop.IsCancellationRequested)
        {
            reads.LogFailure(topic, $"Events {from} to {to}", ex.Message);
            throw;
        }
        finally
        {
            lock (gate)
            {
                for (var block = FrameBlock.NumberOf(wanted); block <= FrameBlock.NumberOf(to); block++)
                    loads.Remove((epoch, block));
            }
        }
    }
}
