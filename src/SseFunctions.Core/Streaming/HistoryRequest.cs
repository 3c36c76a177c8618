using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>Which of a topic's events somebody wants, once.</summary>
/// <param name="After">Where to begin; null to begin at the other end: with the newest events before <paramref name="Before"/>.</param>
/// <param name="Before">The event before which to end; null to go on to the newest.</param>
/// <param name="IsUnknownBefore">Whether that was an id that this server did not issue.</param>
/// <param name="Limit">Maximum number of events, 1 to <see cref="MaxLimit"/>.</param>
/// <param name="Filter">Which of them; null for all.</param>
internal sealed record HistoryRequest(Topic Topic, StreamStart? After, EventId? Before, bool IsUnknownBefore, int Limit, EventFilter? Filter)
{
    public const int MaxLimit = 1000;

    public const int DefaultLimit = 100;

    /// <summary>How many events one page looks at, whatever its filter leaves out.</summary>
    public const int MaxScanned = 4 * TableEventLog.PageRows;

    /// <summary>What their frames have, about: more takes longer to read than a page may take.</summary>
    public const int MaxScannedBytes = 4 * 1024 * 1024;

    /// <summary>What a page's frames have, about, unless one alone has more: a client that reads slowly keeps them in memory.</summary>
    public const int MaxPageBytes = 256 * 1024;

    /// <summary>Whether the page ends at a place and begins where its limit says.</summary>
    public bool IsBackward => After is null;

    /// <summary>Where to begin to read.</summary>
    public StreamStart Start { get; } = After ?? StreamStart.LastBefore(Before, Filter is null ? Limit : MaxScanned);

    /// <summary>Where to end; null to go on to the newest event.</summary>
    public StreamStart? End { get; } = Before is null ? null : StreamStart.LastBefore(Before, 0);
}
