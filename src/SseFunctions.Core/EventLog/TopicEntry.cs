using Azure;

namespace SseFunctions.EventLog;

/// <summary>A topic's row in the list of topics.</summary>
/// <param name="Retention">The topic's own retention.</param>
/// <param name="Cleared">Retention has deleted all rows up to this event; <see cref="EventId.Start"/> when that is not known.</param>
/// <param name="Written">When the row was last written, by the table's clock.</param>
/// <param name="ETag">The row's version.</param>
internal sealed record TopicEntry(Topic Topic, TopicRetention Retention, EventId Cleared, DateTimeOffset Written, ETag ETag);
