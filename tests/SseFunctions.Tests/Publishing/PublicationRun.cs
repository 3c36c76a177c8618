using SseFunctions.EventLog;
using SseFunctions.Publishing;
using SseFunctions.Tests.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Publishing;

/// <summary>A source that is published to a topic of its own, and the transactions that this makes.</summary>
internal sealed class PublicationRun
{
    private readonly PublishStreamOptions options;
    private readonly List<Commit> commits = [];

    private PublicationRun(LogTable table, StorageProxy? proxy, PublishStreamOptions options)
    {
        (Table, this.options) = (table, options);
        Log = (proxy is null ? table : table.Through(proxy)).Log(Time);
        Log.Written += (_, head, events) => commits.Add(new Commit(head, events)); // one writer, so one at a time
    }

    public LogTable Table { get; }

    public TableEventLog Log { get; }

    /// <summary>Which passes by itself while the log waits between two tries.</summary>
    public PassingTime Time { get; } = new();

    public IReadOnlyList<Commit> Commits => commits;

    public static async Task<PublicationRun> StartAsync(PublishStreamOptions? options = null, StorageProxy? proxy = null) =>
        new(await LogTable.NewAsync(), proxy, options ?? new PublishStreamOptions());

    /// <param name="flushInterval">Longer than a second, it does not pass by itself.</param>
    /// <param name="stopping">Fires when the host stops.</param>
    public Task<PublishStreamResult> PublishAsync(
        IAsyncEnumerable<SseEvent> source, TimeSpan? flushInterval = null, CancellationToken cancellationToken = default, CancellationToken stopping = default) =>
        new StreamPublication(LogActions.Orders, Log, flushInterval is { } interval ? options with { FlushInterval = interval } : options, Time)
            .RunAsync(source, cancellationToken, stopping)
            .WaitAsync(SseStream.Timeout, CancellationToken.None);

    public Task<IReadOnlyList<string>> ReadTextsAsync() => Table.Log().ReadTextsAsync();
}
