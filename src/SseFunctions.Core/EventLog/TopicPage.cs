namespace SseFunctions.EventLog;

/// <summary>Topics, the heads of their logs, and their own retention.</summary>
/// <param name="Topics">Without those that have no log now, so that a page may have fewer than its limit, or none.</param>
/// <param name="Next">Where the next page begins; null when this is the last.</param>
internal sealed record TopicPage(IReadOnlyList<(Topic Topic, TopicHead Head, TopicRetention Retention)> Topics, string? Next);
