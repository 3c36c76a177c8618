using System.Text;
using Azure;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.EventLog;

/// <summary>What most tests do with a log: append texts to one topic, and read all of it back.</summary>
internal static class LogActions
{
    public static readonly Topic Orders = Topic.Parse("orders");

    public static NewEvent Event(string text) => new(null, Encoding.UTF8.GetBytes(text));

    public static string[] Texts(int count, string prefix = "e") => [.. Enumerable.Range(1, count).Select(n => $"{prefix}{n}")];

    /// <summary>Appends all texts in one append.</summary>
    public static Task<AppendResult> AppendTextsAsync(this TableEventLog log, params string[] texts) =>
        log.AppendAsync(Orders, [.. texts.Select(Event)], null, CancellationToken.None).WaitAsync(SseStream.Timeout);

    public static Task<AppendResult> AppendOnceAsync(this TableEventLog log, string idempotencyKey, params string[] texts) =>
        log.AppendAsync(Orders, [.. texts.Select(Event)], idempotencyKey, CancellationToken.None).WaitAsync(SseStream.Timeout);

    /// <summary>Appends all texts in the append that completes the topic.</summary>
    public static Task<AppendResult> AppendLastAsync(this TableEventLog log, string? idempotencyKey, params string[] texts) =>
        log.AppendAsync(Orders, new Append([.. texts.Select(Event)]) { IdempotencyKey = idempotencyKey, CompletesTopic = true }, CancellationToken.None).WaitAsync(SseStream.Timeout);

    /// <summary>Appends many texts, as many at once as an append takes.</summary>
    public static async Task FillAsync(this TableEventLog log, params string[] texts)
    {
        foreach (var batch in texts.Chunk(AppendLimits.MaxEvents))
            await log.AppendTextsAsync(batch);
    }

    public static Task<TopicHead> CompleteAsync(this TableEventLog log) =>
        log.CompleteAsync(Orders, CancellationToken.None).WaitAsync(SseStream.Timeout);

    public static Task<TopicHead?> HeadAsync(this TableEventLog log, Topic? topic = null) =>
        log.ReadHeadAsync(topic ?? Orders, CancellationToken.None).WaitAsync(SseStream.Timeout);

    /// <param name="oldest">What the table took before goes.</param>
    /// <param name="entry">The topic's; null for one that remembers nothing of earlier runs.</param>
    /// <returns>How many events are retained no more.</returns>
    public static async Task<long> TrimAsync(this TopicTrimmer trimmer, long maxEvents, DateTimeOffset? oldest = null, TopicEntry? entry = null, CancellationToken cancellationToken = default)
    {
        var retention = new RetentionOptions { MaxEvents = maxEvents };
        var now = oldest + retention.MaxAge ?? DateTimeOffset.UtcNow;
        var trimmed = await trimmer.TrimAsync(entry ?? Entry(Orders), now, retention, cancellationToken).WaitAsync(SseStream.Timeout, CancellationToken.None);
        return trimmed.Removed;
    }

    public static TopicEntry Entry(Topic topic) => new(topic, new TopicRetention(), EventId.Start, DateTimeOffset.MaxValue, ETag.All);

    /// <summary>
    /// The texts of all retained events. Fails unless the rows are exactly those from the head's first to its last: no
    /// hole, and nothing after the head.
    /// </summary>
    public static async Task<IReadOnlyList<string>> ReadTextsAsync(this TableEventLog log, Topic? topic = null)
    {
        topic ??= Orders;
        var head = await log.HeadAsync(topic);
        if (head is null)
            return [];

        var events = await log.ReadAsync(topic, head.Epoch, 1, long.MaxValue, CancellationToken.None).WaitAsync(SseStream.Timeout);
        Assert.Equal(Sequences(head.First, head.Last), events.Select(e => e.Sequence));
        return [.. events.Select(TextOf)];
    }

    public static string TextOf(StoredEvent stored) => Encoding.UTF8.GetString(stored.Data.Span);

    public static IEnumerable<long> Sequences(long first, long last)
    {
        for (var sequence = first; sequence <= last; sequence++)
            yield return sequence;
    }
}
