using Azure.Data.Tables;

namespace SseFunctions.EventLog;

/// <summary>
/// Removes what a topic no longer retains, and topics that nobody uses. The head's first sequence moves before any row goes, so
/// that a reader that misses a row can tell from the head that it was trimmed. Running twice at once, or again after a crash, does
/// no harm.
/// </summary>
internal sealed class TopicTrimmer(EventTable table, TimeProvider time)
{
    /// <summary>
    /// How long the entry of a topic without a log stays in the list: longer than any write may be under way, so that it is never
    /// removed between a writer's registration of the topic and its first head.
    /// </summary>
    public static readonly TimeSpan EntryGrace = TimeSpan.FromHours(1);

    /// <summary>By what the timestamps of rows may differ that one transaction wrote: no event is younger than the head's last write, and that.</summary>
    private static readonly TimeSpan TransactionTime = TimeSpan.FromMinutes(1);

    private readonly TopicRowDeletion rows = new(table, time);
    private readonly SinceSearch times = new(table);

    /// <summary>Trims a topic by its own retention or the general one; and removes it, when nothing is left and nobody has written to it for the maximum age.</summary>
    /// <param name="now">By the table's clock.</param>
    /// <returns>How many events it retains no more, and whether its log is gone.</returns>
    /// <exception cref="EventLogUnavailableException">The table could not be read or written.</exception>
    public async Task<(long Removed, bool IsGone)> TrimAsync(TopicEntry entry, DateTimeOffset now, RetentionOptions general, CancellationToken cancellationToken)
    {
        var (topic, maxAge) = (entry.Topic, entry.Retention.MaxAge ?? general.MaxAge);
        var oldest = now - maxAge;
        var (removed, head, written) = await MoveFirstAsync(topic, oldest, entry.Retention.MaxEvents ?? general.MaxEvents, cancellationToken);
        if (head is null)
        {
            var hasSettings = entry.Retention != new TopicRetention();
            await RemoveEntryAsync(entry, now - (hasSettings && maxAge > EntryGrace ? maxAge : EntryGrace), cancellationToken);
            return (0, false);
        }

        var cleared = new EventId(head.Epoch, head.First - 1);
        if (cleared.Sequence > 0 && cleared != entry.Cleared)
            await rows.DeleteEventsAsync(topic, cleared, cancellationToken);

        if (head.Count == 0 && written < oldest)
            return (removed, await TryRemoveAsync(entry, head, now, cancellationToken));

        if (cleared.Sequence > 0 && cleared != entry.Cleared)
            await NoteAsync(entry, cleared, cancellationToken);

        return (removed, false);
    }

    /// <inheritdoc cref="TableEventLog.DeleteTopicAsync"/>
    /// <param name="onDeleted">Called when readers are to take the log for gone, before its rows are.</param>
    public Task<bool> DeleteTopicAsync(Topic topic, Action<TopicHead> onDeleted, CancellationToken cancellationToken) =>
        Deadline.RunAsync(RetryBudget.WriteTimeout, time, token => DeleteAsync(topic, onDeleted, token), cancellationToken);

    private async Task<bool> DeleteAsync(Topic topic, Action<TopicHead> onDeleted, CancellationToken cancellationToken)
    {
        var retry = new RetryBudget(RetryBudget.WriteTimeout, time);
        string? epoch = null;
        while (await ReadHeadRowAsync(topic, cancellationToken) is { } row)
        {
            var head = LogRows.ToHead(row);
            epoch ??= head.Epoch;
            if (head.Epoch != epoch)
                break; // a publisher has begun this log since, and was told that its events are there

            try
            {
                var deleted = head with { First = head.Last + 1, Complete = true, IsDeleted = true };
                var etag = await table.MergeAsync(LogRows.DeletedHead(topic, deleted, LogRows.WrittenAt(row)), head.ETag, cancellationToken);
                onDeleted(deleted with { ETag = etag });
                await rows.DeleteEventsAsync(topic, head.LastId, cancellationToken);
                await rows.DeleteKeysAsync(topic, head.Epoch, cancellationToken);
                await table.DeleteAsync(topic.Name, LogRows.HeadKey, etag, cancellationToken);
                break;
            }
            catch (EventLogUnavailableException ex)
            {
                await retry.DelayOrThrowAsync(ex, cancellationToken); // a publisher was faster, or another deletion
            }
        }

        // The entry itself stays for now: a writer may have registered the topic just before. Retention removes it.
        if (await table.ReadRowAsync(TopicRows.Partition, topic.Name, EventTable.ReadTimeout, cancellationToken) is not null)
            await retry.RunAsync(left => ForgetSettingsAsync(topic, left, cancellationToken), cancellationToken);

        return epoch is not null;
    }

    private async Task<bool> ForgetSettingsAsync(Topic topic, TimeSpan timeout, CancellationToken cancellationToken)
    {
        await table.ReplaceAsync(TopicRows.Registration(topic), timeout, cancellationToken);
        return true;
    }

    private Task<TableEntity?> ReadHeadRowAsync(Topic topic, CancellationToken cancellationToken) =>
        table.ReadRowAsync(topic.Name, LogRows.HeadKey, EventTable.ReadTimeout, cancellationToken);

    /// <returns>How many events are retained no more; the head, and when a publisher last wrote it.</returns>
    private async Task<(long Removed, TopicHead? Head, DateTimeOffset Written)> MoveFirstAsync(Topic topic, DateTimeOffset oldest, long maxEvents, CancellationToken cancellationToken)
    {
        var retry = new RetryBudget(RetryBudget.WriteTimeout, time);
        while (true)
        {
            if (await ReadHeadRowAsync(topic, cancellationToken) is not { } row)
                return (0, null, default);

            var (head, written) = (LogRows.ToHead(row), LogRows.WrittenAt(row));
            var young = written < oldest - TransactionTime ? head.Last + 1 : await times.FirstAsync(topic, head, oldest, cancellationToken);
            var first = Math.Max(head.Last - maxEvents + 1, young);
            if (first <= head.First)
                return (0, head, written);

            try
            {
                var etag = await table.MergeAsync(LogRows.FirstOfHead(topic, first, written), head.ETag, cancellationToken);
                return (first - head.First, head with { First = first, ETag = etag }, written);
            }
            catch (EventLogUnavailableException ex)
            {
                await retry.DelayOrThrowAsync(ex, cancellationToken);
            }
        }
    }

    /// <summary>Removes the log of a topic without events, unless a publisher writes just then: its ETag would be another.</summary>
    private async Task<bool> TryRemoveAsync(TopicEntry entry, TopicHead head, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            await rows.DeleteKeysAsync(entry.Topic, head.Epoch, cancellationToken);
            await table.DeleteAsync(entry.Topic.Name, LogRows.HeadKey, head.ETag, cancellationToken);
        }
        catch (EventLogUnavailableException ex) when (ex.Fault is { IsConflict: true })
        {
            return false;
        }

        await RemoveEntryAsync(entry, now - EntryGrace, cancellationToken);
        return true;
    }

    /// <summary>Removes a topic from the list, unless a writer has registered it since, or not long before.</summary>
    private async Task RemoveEntryAsync(TopicEntry entry, DateTimeOffset before, CancellationToken cancellationToken)
    {
        if (entry.Written >= before)
            return;

        try
        {
            await table.DeleteAsync(TopicRows.Partition, entry.Topic.Name, entry.ETag, cancellationToken);
        }
        catch (EventLogUnavailableException ex) when (ex.Fault is { IsConflict: true })
        {
            // Registered since: the topic is in use again.
        }
    }

    /// <summary>Saves the next run the search for rows that are gone.</summary>
    private async Task NoteAsync(TopicEntry entry, EventId cleared, CancellationToken cancellationToken)
    {
        try
        {
            await table.MergeAsync(TopicRows.Cleared(entry.Topic, cleared), entry.ETag, cancellationToken);
        }
        catch (EventLogUnavailableException)
        {
            // Without the note the next run searches again.
        }
    }
}
