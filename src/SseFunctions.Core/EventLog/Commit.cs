namespace SseFunctions.EventLog;

/// <summary>What a transaction of this process has done.</summary>
/// <param name="Head">The head as it is now: others may have written since.</param>
/// <param name="Events">The events that the transaction added; none when it only ended the topic.</param>
internal sealed record Commit(TopicHead Head, IReadOnlyList<StoredEvent> Events);
