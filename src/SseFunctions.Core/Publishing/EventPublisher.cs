using System.Text;
using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>Checks what users' code publishes, and appends it.</summary>
internal sealed class EventPublisher(TableEventLog log) : IEventPublisher
{
    /// <summary>Half a surrogate pair is refused, not replaced.</summary>
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public async Task<PublishResult> PublishAsync(string topic, IReadOnlyList<SseEvent> events, string? idempotencyKey = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        ArgumentNullException.ThrowIfNull(events);
        if (!Topic.TryParse(topic, out var parsed))
            throw new ArgumentException($"topic has {topic.Length} characters that are not {Topic.Rule}.", nameof(topic));

        var key = idempotencyKey is null ? null : IdempotencyKeyRule.Require(idempotencyKey);
        var result = await log.AppendAsync(parsed, [.. events.Select(ToNewEvent)], key, cancellationToken);
        return result.Outcome switch
        {
            AppendOutcome.TopicComplete => throw new TopicCompleteException(topic),
            AppendOutcome.KeyReused => throw new IdempotencyKeyReusedException(),
            _ => new PublishResult([.. result.Ids.Select(id => id.ToString())], result.Outcome == AppendOutcome.Repeated),
        };
    }

    public static NewEvent ToNewEvent(SseEvent sseEvent)
    {
        if (sseEvent.Type is not null)
            _ = StrictUtf8.GetByteCount(sseEvent.Type);

        return new NewEvent(sseEvent.Type, StrictUtf8.GetBytes(sseEvent.Data));
    }
}
