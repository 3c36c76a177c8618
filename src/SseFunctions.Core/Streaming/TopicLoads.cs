using Microsoft.Extensions.Logging;
using SseFunctions.EventLog;
using EventId = SseFunctions.EventLog.EventId;

namespace SseFunctions.Streaming;

/// <summary>What of a topic is being read from the table for its feed: each row once, whoever asks meanwhile.</summary>
/// <param name="feed">The topic's feed, which is told of what was read.</param>
/// <param name="log">Where it is read.</param>
/// <param name="cache">Where the feed keeps it.</param>
/// <param name="logger">Told of loads that fail.</param>
/// <param name="stop">The feed's end.</param>
internal sealed partial class TopicLoads(TopicFeed feed, TableEventLog log, FrameCache cache, ILogger logger, CancellationToken stop)
{
    /// <summary>What a load is to bring, about. Events have up to 64 KiB, and a thousand of them would be too much at a time.</summary>
    private const int LoadBytes = 4 * 1024 * 1024;

    /// <summary>The rows of the first load, before it is known how large this topic's events are.</summary>
    private const int FirstLoadRows = 256;

    private static readonly Task<FrameRun?> Nothing = Task.FromResult<FrameRun?>(null);

    private readonly Lock gate = new();
    private readonly Dictionary<(string Epoch, long Block), Task<FrameRun?>> loads = [];

    /// <summary>How many rows to load at a time, by the size of those loaded last.</summary>
    private int loadRows = FirstLoadRows;

    /// <summary>Reads from behind the cursor on, about as much as one request brings. For the feed, which holds its own lock.</summary>
    /// <param name="cursor">Of the log's epoch.</param>
    /// <param name="first">The first sequence that may be in the table.</param>
    /// <param name="last">The last one.</param>
    /// <returns>The first block of what was read, or null when there was nothing.</returns>
    public Task<FrameRun?> Begin(EventId cursor, long first, long last)
    {
        lock (gate)
        {
            var (epoch, from, block) = (cursor.Epoch, cursor.Sequence + 1, FrameCache.BlockOf(cursor.Sequence + 1));
            if (loads.TryGetValue((epoch, block), out var load))
                return load;

            var to = Math.Min(last, cursor.Sequence + loadRows);
            if (cache.Held(feed, block) is { } held)
            {
                // What touches that is joined to it.
                (from, to) = from < held.First
                    ? (Math.Max(first, FrameCache.FirstOf(block)), held.First - 1)
                    : (held.Last + 1, to);
            }

            for (var next = block + 1; FrameCache.FirstOf(next) <= to; next++)
            {
                if (cache.Held(feed, next) is not null || loads.ContainsKey((epoch, next)))
                    to = FrameCache.FirstOf(next) - 1;
            }

            if (from > to)
                return Nothing;

            using (ExecutionContext.SuppressFlow())
                load = Task.Run(() => LoadAsync(epoch, from, to), CancellationToken.None);

            for (var covered = block; covered <= FrameCache.BlockOf(to); covered++)
                loads[(epoch, covered)] = load;

            return load;
        }
    }

    /// <summary>
    /// Keeps one load ahead of a reader that catches up: the table works while the reader's client is written to. Not where
    /// that would cost others what is in memory. For the feed, which holds its own lock.
    /// </summary>
    /// <inheritdoc cref="Begin"/>
    public void ReadAhead(EventId cursor, long first, long last)
    {
        int rows;
        lock (gate)
            rows = loadRows;

        var ahead = cursor.Sequence;
        while (ahead - cursor.Sequence < rows
            && cache.Held(feed, FrameCache.BlockOf(ahead + 1)) is { } held && held.First <= ahead + 1 && held.Last > ahead)
        {
            ahead = held.Last;
        }

        if (ahead < last && ahead - cursor.Sequence < rows && cache.HasRoomFor(LoadBytes))
            _ = Begin(cursor with { Sequence = ahead }, first, last);
    }

    private async Task<FrameRun?> LoadAsync(string epoch, long from, long to)
    {
        try
        {
            var runs = FrameRun.Blocks(epoch, await log.ReadAsync(feed.Topic, epoch, from, to, stop));
            feed.OnLoaded(epoch, from, to, runs);
            if (runs.LastOrDefault() is { } newest)
            {
                lock (gate)
                    loadRows = (int)Math.Clamp((long)LoadBytes * newest.Ends.Length / newest.Bytes.Length, 1, TableEventLog.PageRows);
            }

            return runs.FirstOrDefault();
        }
        catch (Exception fault) when (!stop.IsCancellationRequested)
        {
            LogLoadFailed(feed.Topic, from, to, fault.Message);
            throw;
        }
        finally
        {
            lock (gate)
            {
                for (var block = FrameCache.BlockOf(from); block <= FrameCache.BlockOf(to); block++)
                    loads.Remove((epoch, block));
            }
        }
    }

    [LoggerMessage(EventId = 102, Level = LogLevel.Warning, Message = "Events {From} to {To} of topic {Topic} could not be read: {Fault}")]
    private partial void LogLoadFailed(Topic topic, long from, long to, string fault);
}
