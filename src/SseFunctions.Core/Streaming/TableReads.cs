using Microsoft.Extensions.Logging;
using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>What this process reads from the table for its clients: with a bound on what is read at a time, first come first served, however many feeds and clients there are.</summary>
internal sealed partial class TableReads(TableEventLog log, TimeProvider time, ILogger logger) : IDisposable
{
    /// <summary>Heads read at a time: of 1,000 topics that answer within 10 ms, each has its turn within half a second.</summary>
    public const int MaxHeadReads = 32;

    /// <summary>Places of times searched for at a time, apart from the heads: a search makes a dozen requests, one after the other.</summary>
    public const int MaxSearches = 8;

    /// <summary>Searches that wait for their turn: with 10 ms a request, for 4 s. Those beyond are refused.</summary>
    public const int MaxWaitingSearches = 256;

    /// <summary>Of the heads, those for questions about topics that nobody need follow: feeds have the others for themselves.</summary>
    public const int MaxQuestions = MaxHeadReads / 2;

    /// <summary>Questions that wait for their turn: with 10 ms a read, for 3 s. Those beyond are refused.</summary>
    public const int MaxWaitingQuestions = 5000;

    /// <summary>Bytes of events loaded at a time, by their size in the table; decoding takes several times as much.</summary>
    public const long MaxLoadBytes = 4 * 1024 * 1024;

    /// <summary>
    /// Loads at a time, however small: with the other reads fewer than there are connections (<see cref="TableConnection.MaxConnections"/>), so that
    /// where storage is slow and many topics move, writers and the change feed do not wait behind them.
    /// </summary>
    public const int MaxLoads = 48;

    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim heads = new(MaxHeadReads);
    private readonly FairGate questions = new(MaxQuestions, MaxWaitingQuestions);
    private readonly FairGate searches = new(MaxSearches, MaxWaitingSearches);
    private readonly FairGate loads = new(MaxLoadBytes);
    private readonly FaultTally faults = new(LogInterval, time);

    /// <summary>Loads that wait for their turn.</summary>
    public int WaitingLoads => loads.Waiting;

    /// <summary>Searches that wait for their turn.</summary>
    public int WaitingSearches => searches.Waiting;

    /// <summary>Questions that wait for their turn.</summary>
    public int WaitingQuestions => questions.Waiting;

    /// <inheritdoc cref="TableEventLog.ReadHeadAsync"/>
    public Task<TopicHead?> HeadAsync(Topic topic, CancellationToken cancellationToken) =>
        ReadRowAsync(() => log.ReadHeadAsync(topic, cancellationToken), cancellationToken);

    /// <summary>Reads a row for who asks what a topic holds.</summary>
    /// <param name="read">Reads it. It comes to its end once it has begun: to cut it off would cost a connection.</param>
    /// <param name="cancellationToken">Ends the waiting for its turn.</param>
    /// <exception cref="ReadsBusyException">Too many such questions wait already.</exception>
    /// <exception cref="EventLogUnavailableException">The table could not be read.</exception>
    public async Task<T> AskAsync<T>(Func<Task<T>> read, CancellationToken cancellationToken)
    {
        using var turn = await questions.EnterAsync(1, cancellationToken);
        return await ReadRowAsync(read, cancellationToken);
    }

    /// <inheritdoc cref="SinceSearch.FindAsync"/>
    /// <exception cref="ReadsBusyException">Too many searches wait already.</exception>
    public async Task<EventLog.EventId> SinceAsync(Topic topic, Since since, CancellationToken cancellationToken)
    {
        using var turn = await searches.EnterAsync(1, cancellationToken);
        return await log.FindAsync(topic, since, cancellationToken);
    }

    /// <summary>Waits until events of so many bytes may be loaded.</summary>
    /// <returns>To be disposed when they have become frames.</returns>
    public Task<FairGate.Room> EnterLoadAsync(long bytes, CancellationToken cancellationToken) =>
        loads.EnterAsync(Math.Max(bytes, MaxLoadBytes / MaxLoads), cancellationToken);

    /// <inheritdoc cref="TableEventLog.ReadAsync"/>
    public Task<IReadOnlyList<StoredEvent>> EventsAsync(Topic topic, string epoch, long first, long last, CancellationToken cancellationToken) =>
        log.ReadAsync(topic, epoch, first, last, cancellationToken);

    /// <summary>Logs a read that failed: a storage that is down fails all topics', which is one line a second, not one a topic.</summary>
    public void LogFailure(Topic topic, string what, string fault) => faults.Add(count => LogReadFailed(what, topic, fault, count));

    /// <summary>Reads that are still under way come to their end.</summary>
    public void Dispose() => faults.Dispose();

    private async Task<T> ReadRowAsync<T>(Func<Task<T>> read, CancellationToken cancellationToken)
    {
        await heads.WaitAsync(cancellationToken);
        try
        {
            return await read();
        }
        finally
        {
            heads.Release();
        }
    }

    [LoggerMessage(EventId = 101, Level = LogLevel.Warning, Message = "{What} of topic {Topic} could not be read: {Fault} ({Count} reads have failed since the last such line)")]
    private partial void LogReadFailed(string what, Topic topic, string fault, int count);
}
