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
    Action<EventId, long, List<FrameBuffer>> onLoaded,
    Func<Task> readHeadAsync,
    CancellationToken stop)
{
    /// <summary>
    /// What a load is to bring, about. Events have up to 64 KiB, and a thousand of them would be too much at a time: the storage
    /// client needs several times as much for the answer, in large arrays that stay in the process's pool for a while.
    /// </summary>
    private const int LoadBytes = 1024 * 1024;

    /// <summary>What a load is to bring while many others are under way.</summary>
    private const int MinLoadBytes = 256 * 1024;

    /// <summary>The same for the first load, before it is known how large this topic's events are: 32 of the largest.</summary>
    private const int FirstLoadBytes = 32 * AppendLimits.MaxDataBytes;

    /// <summary>
    /// What an event counts for at least while it is loaded: it may be up to 16 times as large, whatever those before it were. So
    /// where all events grow at once, loads have 16 times <see cref="TableReads.MaxLoadBytes"/>, 64 MiB, and not what their number allows.
    /// </summary>
    private const int MinRowBytes = 4 * 1024;

    private static readonly Task<FrameBuffer?> Nothing = Task.FromResult<FrameBuffer?>(null);

    private readonly Lock gate = new();

    /// <summary>Those under way; no two read the same event.</summary>
    private readonly List<Load> loads = [];

    /// <summary>Bytes of an event, by those loaded last; null before the first. Two words, so guarded by the gate.</summary>
    private long? rowBytes;

    /// <summary>Reads what follows the cursor, about as much as one request brings, up to what is held or being read already.</summary>
    /// <param name="cursor">Of the log's epoch.</param>
    /// <param name="last">The last sequence that may be in the table.</param>
    /// <param name="committed">The last one that is known to be committed, where that is less: what follows is missing if it is not.</param>
    /// <returns>The beginning of what was read, or null when there was nothing.</returns>
    public Task<FrameBuffer?> Begin(EventId cursor, long last, long? committed = null)
    {
        lock (gate)
        {
            var (from, to) = (cursor.Sequence + 1, Math.Min(last, cursor.Sequence + RowsOfLoad()));
            foreach (var other in loads)
            {
                if (other.Epoch != cursor.Epoch || other.Last < from)
                    continue;

                if (other.First <= from)
                    return other.Frames;

                to = Math.Min(to, other.First - 1);
            }

            if (cache.NextHeld(owner, from) is { } held)
                to = Math.Min(to, held.First - 1);

            if (from > to)
                return Nothing;

            Task<FrameBuffer?> load;
            var bytes = (to - cursor.Sequence) * Math.Max(rowBytes ?? AppendLimits.MaxDataBytes, MinRowBytes);
            using (ExecutionContext.SuppressFlow())
                load = Task.Run(() => LoadAsync(cursor, to, committed ?? last, bytes), CancellationToken.None);

            Observe(load);
            loads.Add(new(cursor.Epoch, from, to, load));
            return load;
        }
    }

    /// <summary>Reads what a hint has announced after the known head.</summary>
    public Task BeginHinted(TopicView known) => Begin(known.Head!.LastId, known.HintedRows!.Value, committed: known.Head.Last);

    /// <summary>
    /// Keeps one load ahead of a reader that catches up: the table works while the reader's client is written to. Not where
    /// that would evict what others read.
    /// </summary>
    /// <inheritdoc cref="Begin"/>
    public void ReadAhead(EventId cursor, long last)
    {
        int rows;
        lock (gate)
            rows = RowsOfLoad();

        var ahead = cursor.Sequence;
        while (ahead - cursor.Sequence < rows && cache.NextHeld(owner, ahead + 1) is { } held && held.First <= ahead + 1)
            ahead = held.Last;

        if (ahead < last && ahead - cursor.Sequence < rows && cache.HasRoomFor(LoadBytes))
            _ = Begin(cursor with { Sequence = ahead }, last);
    }

    /// <summary>A load that failed has been logged, and those who still wait for it learn of it; there may be nobody.</summary>
    private static void Observe(Task load) => _ = load.ContinueWith(
        static failed => _ = failed.Exception,
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);

    /// <summary>While others wait for their turn, a load brings less: what it brings too early, theirs would evict.</summary>
    private int RowsOfLoad()
    {
        var share = (rowBytes is null ? FirstLoadBytes : LoadBytes) / (1 + Math.Max(reads.WaitingLoads, loads.Count));
        return (int)Math.Clamp(Math.Max(share, MinLoadBytes) / (rowBytes ?? AppendLimits.MaxDataBytes), 1, TableEventLog.PageRows);
    }

    /// <param name="after">The event before the first to load.</param>
    /// <param name="to">The last one.</param>
    /// <param name="committed">The last one that is known to be committed.</param>
    /// <param name="bytes">For how many of them it takes room.</param>
    private async Task<FrameBuffer?> LoadAsync(EventId after, long to, long committed, long bytes)
    {
        var (epoch, from) = (after.Epoch, after.Sequence + 1);
        try
        {
            using var room = await reads.EnterLoadAsync(bytes, stop);
            var events = await reads.EventsAsync(topic, epoch, from, to, stop);
            if (events.Count == 0 || events[0].Sequence != from)
                await readHeadAsync();

            var buffers = FrameBuffer.From(epoch, events);
            if (events.Count > 0)
            {
                lock (gate)
                    rowBytes = buffers.Sum(buffer => buffer.Size) / events.Count;
            }

            onLoaded(after, Math.Min(to, committed), buffers);
            return buffers.FirstOrDefault();
        }
        catch (Exception ex) when (!stop.IsCancellationRequested)
        {
            reads.LogFailure(topic, $"Events {from} to {to}", ex.Message);
            throw;
        }
        finally
        {
            lock (gate)
                loads.RemoveAll(load => load.Epoch == epoch && load.First == from);
        }
    }

    private sealed record Load(string Epoch, long First, long Last, Task<FrameBuffer?> Frames);
}
