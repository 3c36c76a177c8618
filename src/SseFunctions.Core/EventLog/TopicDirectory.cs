using System.Runtime.CompilerServices;

namespace SseFunctions.EventLog;

/// <summary>The list of topics in the table, and each topic's own retention.</summary>
internal sealed class TopicDirectory(EventTable table, TimeProvider time)
{
    /// <summary>Maximum topics of a page.</summary>
    public const int MaxPage = 1000;

    /// <summary>Heads that are read at once for a page.</summary>
    private const int ParallelReads = 16;

    /// <summary>The entries of topics in the order of their names.</summary>
    /// <exception cref="EventLogUnavailableException">The table could not be read.</exception>
    public async IAsyncEnumerable<TopicEntry> ListAsync(string prefix, string after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var row in table.QueryAsync(TopicRows.Range(prefix, after), null, cancellationToken))
        {
            if (TopicRows.ToEntry(row) is { } entry)
                yield return entry;
        }
    }

    /// <inheritdoc cref="TableEventLog.ListTopicsAsync"/>
    public Task<TopicPage> ReadPageAsync(string prefix, string after, int limit, CancellationToken cancellationToken)
    {
        if (limit is < 1 or > MaxPage)
            throw new InvalidInputException("limit", $"limit is {limit}; 1 to {MaxPage} are allowed.", MaxPage, limit, limit > MaxPage);

        return Deadline.RunAsync(EventTable.ReadTimeout, time, token => ReadEntriesAndHeadsAsync(prefix, after, limit, token), cancellationToken);
    }

    /// <inheritdoc cref="TableEventLog.ReadRetentionAsync"/>
    public async Task<TopicRetention> ReadRetentionAsync(Topic topic, CancellationToken cancellationToken)
    {
        var row = await table.ReadRowAsync(TopicRows.Partition, topic.Name, EventTable.ReadTimeout, cancellationToken);
        return (row is null ? null : TopicRows.ToEntry(row))?.Retention ?? new TopicRetention();
    }

    /// <inheritdoc cref="TableEventLog.SetRetentionAsync"/>
    public async Task SetRetentionAsync(Topic topic, TopicRetention retention, CancellationToken cancellationToken)
    {
        retention.Validate();
        var retry = new RetryBudget(RetryBudget.WriteTimeout, time);
        while (true)
        {
            try
            {
                await table.ReplaceAsync(TopicRows.Settings(topic, retention), retry.Left, cancellationToken);
                return;
            }
            catch (EventLogUnavailableException ex)
            {
                if (ex.Fault is { IsTableMissing: true })
                    await retry.RunAsync(left => table.CreateAsync(left, cancellationToken), cancellationToken);

                await retry.DelayOrThrowAsync(ex, cancellationToken);
            }
        }
    }

    /// <summary>The name of the topic after which retention goes on; "" for the first.</summary>
    public async Task<string> ReadPlaceAsync(CancellationToken cancellationToken) =>
        TopicRows.ToPlace(await table.ReadRowAsync(TopicRows.Partition, TopicRows.PlaceKey, EventTable.ReadTimeout, cancellationToken));

    public Task WritePlaceAsync(string after, CancellationToken cancellationToken) =>
        table.ReplaceAsync(TopicRows.Place(after), RetryBudget.WriteTimeout, cancellationToken);

    private async Task<TopicPage> ReadEntriesAndHeadsAsync(string prefix, string after, int limit, CancellationToken cancellationToken)
    {
        var entries = await ListAsync(prefix, after, cancellationToken).Take(limit + 1).ToListAsync(cancellationToken);
        var next = entries.Count > limit ? entries[limit - 1].Topic.Name : null;
        var heads = new TopicHead?[Math.Min(entries.Count, limit)];
        await Parallel.ForAsync(
            0,
            heads.Length,
            new ParallelOptions { MaxDegreeOfParallelism = ParallelReads, CancellationToken = cancellationToken },
            async (i, token) => heads[i] = await table.ReadHeadAsync(entries[i].Topic, EventTable.ReadTimeout, token));
        var listed = entries.Zip(heads).Where(pair => pair.Second is { IsDeleted: false });
        return new TopicPage([.. listed.Select(pair => (pair.First.Topic, pair.Second!, pair.First.Retention))], next);
    }
}
