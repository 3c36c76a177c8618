using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>Publishes from within the app: for functions of your own, by any trigger. Registered by AddSseFunctions; safe for concurrent use.</summary>
public interface IEventPublisher
{
    /// <summary>Publishes all events or none, in one transaction, which concurrent publications of the same topic share.</summary>
    /// <param name="topic">A letter or digit, then up to 63 letters, digits, '.', '_' or '-'.</param>
    /// <param name="events">1 to 98 events with at most 2.75 MiB of data in all.</param>
    /// <param name="idempotencyKey">1 to 128 characters of visible ASCII: a repeat with the same key writes nothing. Null for none.</param>
    /// <param name="cancellationToken">Ends the waiting; the events may have been written by then.</param>
    /// <exception cref="ArgumentException">The topic's name is not valid, or a text is not Unicode.</exception>
    /// <exception cref="InvalidInputException">An event, all of them or the key is outside its limits; nothing was written.</exception>
    /// <exception cref="TopicCompleteException">The topic takes no more events; nothing was written.</exception>
    /// <exception cref="IdempotencyKeyReusedException">The key was used before, for other events; nothing was written.</exception>
    /// <exception cref="EventLogBusyException">Too many publish to the topic at once; nothing was written. Try again in a second.</exception>
    /// <exception cref="EventLogUnavailableException">Storage is down or slow. The events may have been written all the same: a repeat with the same key finds out.</exception>
    Task<PublishResult> PublishAsync(string topic, IReadOnlyList<SseEvent> events, string? idempotencyKey = null, CancellationToken cancellationToken = default);
}
