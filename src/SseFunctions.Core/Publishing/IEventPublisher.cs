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

    /// <summary>Publishes the topic's last events and completes the topic, in one transaction.</summary>
    /// <inheritdoc cref="PublishAsync"/>
    Task<PublishResult> PublishLastAsync(string topic, IReadOnlyList<SseEvent> events, string? idempotencyKey = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Publishes what a source yields, as it comes, and then completes the topic: an answer, a run, a job's progress in a topic of its
    /// own. What comes within the flush interval, and fits, shares a transaction; the last one completes the topic. The source is read
    /// at most 98 events ahead. Readers may come and leave; they change nothing.
    /// </summary>
    /// <remarks>
    /// When the source throws, an event outside its limits included, when it is cancelled and when the host stops, what it has yielded is published, and
    /// after that, in the transaction that completes the topic, an event of the type "error"; then the exception goes on to the caller. A process
    /// that dies leaves a topic that is not complete and in which nothing happens any more.
    /// </remarks>
    /// <param name="topic">A letter or digit, then up to 63 letters, digits, '.', '_' or '-'.</param>
    /// <param name="events">The source, which is read once. Its token fires when it is to end.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="cancellationToken">Ends the source, and the topic, visibly. A transaction that has begun is brought to its end.</param>
    /// <exception cref="ArgumentException">The topic's name or <see cref="PublishStreamOptions.ErrorData"/> is not valid.</exception>
    /// <exception cref="InvalidInputException">An event, or <see cref="PublishStreamOptions.ErrorData"/>, is outside its limits.</exception>
    /// <exception cref="TopicCompleteException">The topic takes no more events: it was complete before, or somebody else has completed it.</exception>
    /// <exception cref="EventLogUnavailableException">
    /// Storage was down or slow for a minute. The last events may be missing; what is there is in order and not doubled, and the topic is completed if that is possible.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token has fired, or the host stops.</exception>
    Task<PublishStreamResult> PublishStreamAsync(string topic, IAsyncEnumerable<SseEvent> events, PublishStreamOptions? options = null, CancellationToken cancellationToken = default);
}
