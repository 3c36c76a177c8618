using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>
/// Reads pages of a topic's events by its feed, as a stream that ends: from memory where somebody has read them before, else
/// from the table in its turn, and with the same report of a gap.
/// </summary>
internal sealed class HistoryReader(TopicFeedRegistry feeds, StreamTelemetry telemetry, TimeProvider time)
{
    /// <summary>Pages at a time, each from before it is read until its client has taken it: about 16 MiB of events.</summary>
    public const int MaxPages = 64;

    /// <summary>Pages that wait for their turn. Those beyond are refused.</summary>
    public const int MaxWaitingPages = 1000;

    /// <summary>Where each page takes its turn.</summary>
    public FairGate Pages { get; } = new(MaxPages, MaxWaitingPages);

    /// <returns>Null when the process follows as many topics as it may, and this one is not among them.</returns>
    /// <exception cref="ReadsBusyException">Too many searches for times wait already.</exception>
    /// <exception cref="EventLogUnavailableException">The table could not be read.</exception>
    /// <exception cref="OperationCanceledException">It was not answered in time.</exception>
    public async Task<HistoryPage?> ReadAsync(HistoryRequest request, CancellationToken cancellationToken)
    {
        var wake = new AsyncAutoResetEvent();
        using var onCancelled = cancellationToken.UnsafeRegister(static signal => ((AsyncAutoResetEvent)signal!).Set(), wake);
        using var reader = new TopicReader(new TopicStart(request.Topic, request.Start), feeds, wake, telemetry, [], time) { Filter = request.Filter };
        var page = new HistoryPageBuilder(request);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var read = Next(reader, request, page);
            switch (read.Kind)
            {
                case FeedReadKind.TooManyTopics:
                    return null;
                case FeedReadKind.TooManySearches:
                    throw new ReadsBusyException();
                case FeedReadKind.StorageUnavailable:
                    throw new EventLogUnavailableException($"Topic '{request.Topic}' could not be read.");
                case FeedReadKind.Gap when !page.EndsAtGap:
                    reader.MoveTo(read.Cursor);
                    page.Report(read.Gap!);
                    continue;
                case FeedReadKind.Frames when page.TryAdd(read):
                    reader.MoveTo(page.NextPlace(read));
                    continue;
                case FeedReadKind.NotLoaded when !page.IsFull:
                    reader.Load();
                    await wake.WaitAsync();
                    continue;
                case FeedReadKind.Waiting:
                    await wake.WaitAsync();
                    continue;
                default:
                    return page.Build(reader.Cursor!.Value, hasMore: read.Kind is FeedReadKind.Frames or FeedReadKind.NotLoaded or FeedReadKind.Gap);
            }
        }
    }

    /// <summary>One event at a time: each has a time of its own.</summary>
    private static FeedRead Next(TopicReader reader, HistoryRequest request, HistoryPageBuilder page)
    {
        if (!reader.TryResolve(out var unresolved) || (request.End is { } end && !reader.TryResolveEnd(end, out unresolved)))
            return unresolved;

        var cursor = reader.Cursor!.Value;
        page.MoveTo(cursor);
        return page.IsAtEnd(cursor) ? new(FeedReadKind.CaughtUp, cursor) : reader.Read(isLive: false, cursor.Sequence + 1);
    }
}
