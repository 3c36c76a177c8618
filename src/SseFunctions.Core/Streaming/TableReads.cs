using Microsoft.Extensions.Logging;
using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>What all feeds of this process read from the table: so much at a time, first come first served, however many feeds there are.</summary>
internal sealed partial class TableReads(TableEventLog log, TimeProvider time, ILogger logger) : IDisposable
{
    /// <summary>Heads read at a time: of 1,000 topics that answer within 10 ms, each has its turn within half a second.</summary>
    public const int MaxHeadReads = 32;

    /// <summary>Places of times searched for at a time, apart from the heads: a search makes a dozen requests, one after the other.</summary>
    public const int MaxSearches = 8;

    /// <summary>Bytes of events loaded at a time, by their size in the table; decoding takes several times as much.</summary>
    public const long MaxLoadBytes = 4 * 1024 * 1024;

    /// <summary>
    /// Loads at a time, however small: with the other reads fewer than there are connections (<see cref="TableConnection.MaxConnections"/>), so that
    /// where storage is slow and many topics move, writers and the change feed do not wait behind them.
    /// </summary>
    public const int MaxLoads = 48;

    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim heads = new(MaxHeadReads);
    private readonly SemaphoreSlim searches = new(MaxSearches);
    private readonly ByteGate loads = new(MaxLoadBytes);
    private readonly FaultTally faults = new(LogInterval, time);

    /// <summary>Loads that wait for their turn.</summary>
    public int WaitingLoads => loads.Waiting;

    /// <inheritdoc cref="TableEventLog.ReadHeadAsync"/>
    public async Task<TopicHead?> HeadAsync(Topic topic, CancellationToken cancellationToken)
    {
        await heads.WaitAsync(cancellationToken);
        try
        {
            return await log.ReadHeadAsync(topic, cancellationToken);
        }
        finally
        {
            heads.Release();
        }
    }

    /// <inheritdoc cref="SinceSearch.FindAsync"/>
    public async Task<EventLog.EventId> SinceAsync(Topic topic, Since since, CancellationToken cancellationToken)
    {
        await searches.WaitAsync(cancellationToken);
        try
        {
            return await log.FindAsync(topic, since, cancellationToken);
        }
        finally
        {
            searches.Release();
        }
    }

    /// <summary>Waits until events of so many bytes may be loaded.</summary>
    /// <returns>To be disposed when they have become frames.</returns>
    public Task<IDisposable> EnterLoadAsync(long bytes, CancellationToken cancellationToken) =>
        loads.EnterAsync(Math.Max(bytes, MaxLoadBytes / MaxLoads), cancellationToken);

    /// <inheritdoc cref="TableEventLog.ReadAsync"/>
    public Task<IReadOnlyList<StoredEvent>> EventsAsync(Topic topic, string epoch, long first, long last, CancellationToken cancellationToken) =>
        log.ReadAsync(topic, epoch, first, last, cancellationToken);

    /// <summary>Logs a read that failed: a storage that is down fails all topics', which is one line a second, not one a topic.</summary>
    public void LogFailure(Topic topic, string what, string fault) => faults.Add(count => LogReadFailed(what, topic, fault, count));

    /// <summary>Reads that are still under way come to their end.</summary>
    public void Dispose() => faults.Dispose();

    [LoggerMessage(EventId = 101, Level = LogLevel.Warning, Message = "{What} of topic {Topic} could not be read: {Fault} ({Count} reads have failed since the last such line)")]
    private partial void LogReadFailed(string what, Topic topic, string fault, int count);
}
