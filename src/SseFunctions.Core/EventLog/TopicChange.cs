namespace SseFunctions.EventLog;

/// <summary>What the change feed says of a topic: a hint where to look, never the truth, which is in the topic's own partition.</summary>
/// <param name="Last">The topic's last event, or <see cref="EventId.Start"/> where the topic was deleted.</param>
/// <param name="HasEnded">The topic was completed or deleted, which only its head tells.</param>
internal sealed record TopicChange(Topic Topic, EventId Last, bool HasEnded);
