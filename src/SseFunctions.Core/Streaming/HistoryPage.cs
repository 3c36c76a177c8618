using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>Some of a topic's events.</summary>
/// <param name="Events">In the order of their ids.</param>
/// <param name="Next">The place where the next page begins, in the direction of the request; null when there is nothing more now.</param>
/// <param name="Gap">What is reported to the client before the events; null for nothing.</param>
/// <param name="IsFixed">Whether the same request has the same events ever after, for as long as they are retained.</param>
internal sealed record HistoryPage(IReadOnlyCollection<HistoryEvent> Events, EventId? Next, StreamGap? Gap, bool IsFixed);
