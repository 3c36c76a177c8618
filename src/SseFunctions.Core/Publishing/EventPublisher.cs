using Microsoft.Extensions.Hosting;
using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>Checks what users' code publishes, and appends it.</summary>
internal sealed class EventPublisher(TableEventLog log, IHostApplicationLifetime lifetime, TimeProvider time) : IEventPublisher
{
    public Task<PublishResult> PublishAsync(string topic, IReadOnlyList<SseEvent> events, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        PublishAsync(topic, events, idempotencyKey, completesTopic: false, cancellationToken);

    public Task<PublishResult> PublishLastAsync(string topic, IReadOnlyList<SseEvent> events, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        PublishAsync(topic, events, idempotencyKey, completesTopic: true, cancellationToken);

    public Task<PublishStreamResult> PublishStreamAsync(
        string topic, IAsyncEnumerable<SseEvent> events, PublishStreamOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(events);
        options ??= new PublishStreamOptions();
        if (options.ErrorData is not null)
            new SseEvent(options.ErrorData, StreamPublication.ErrorType).ToNewEvent().Validate();

        return new StreamPublication(ParseTopic(topic), log, options, time).RunAsync(events, cancellationToken, lifetime.ApplicationStopping);
    }

    private static Topic ParseTopic(string topic)
    {
        ArgumentNullException.ThrowIfNull(topic);
        return Topic.TryParse(topic, out var parsed)
            ? parsed
            : throw new ArgumentException($"topic has {topic.Length} characters that are not {Topic.Rule}.", nameof(topic));
    }

    private async Task<PublishResult> PublishAsync(string topic, IReadOnlyList<SseEvent> events, string? idempotencyKey, bool completesTopic, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(events);
        var append = new Append([.. events.Select(sseEvent => sseEvent.ToNewEvent())])
        {
            IdempotencyKey = idempotencyKey is null ? null : IdempotencyKeyRule.Require(idempotencyKey),
            CompletesTopic = completesTopic,
        };
        var result = await log.AppendAsync(ParseTopic(topic), append, cancellationToken);
        return result.Outcome switch
        {
            AppendOutcome.TopicComplete => throw new TopicCompleteException(topic),
            AppendOutcome.KeyReused => throw new IdempotencyKeyReusedException(),
            _ => new PublishResult([.. result.Ids.Select(id => id.ToString())], result.Outcome == AppendOutcome.Repeated),
        };
    }
}
