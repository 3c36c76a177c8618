namespace SseFunctions.EventLog;

/// <summary>
/// Finds the first event that the table took at a time or later: by the rows' timestamps, which are of one clock, the storage
/// service's, and follow the order of the commits, as the times that the writers put into their events need not.
/// </summary>
internal sealed class SinceSearch(EventTable table)
{
    /// <summary>Rows whose timestamps one query brings. Of 100,000 events, eleven reads and one query find the first.</summary>
    public const int QueriedRows = 128;

    private const string Timestamp = "Timestamp";

    /// <returns>The event before it; the last one when there is none. <see cref="EventId.Start"/> when there is no log.</returns>
    /// <exception cref="EventLogUnavailableException">The table could not be read.</exception>
    public async Task<EventId> FindAsync(Topic topic, Since since, CancellationToken cancellationToken)
    {
        if (await table.ReadHeadAsync(topic, EventTable.ReadTimeout, cancellationToken) is not { IsDeleted: false } head)
            return EventId.Start;

        var time = since.Time ?? await table.ReadClockAsync(cancellationToken) - since.Age.GetValueOrDefault();
        return new EventId(head.Epoch, await FirstAsync(topic, head, time, cancellationToken) - 1);
    }

    /// <returns>Its sequence; the one after the last when there is none.</returns>
    /// <exception cref="EventLogUnavailableException">The table could not be read.</exception>
    public async Task<long> FirstAsync(Topic topic, TopicHead head, DateTimeOffset time, CancellationToken cancellationToken)
    {
        // All before low are older, and high is not, if it is there.
        var (low, high) = (head.First, head.Last + 1);
        while (low < high)
        {
            // The first probe is the oldest event: most runs of retention have nothing to do, and then it is the only one.
            var isFirst = low == head.First && high == head.Last + 1;
            if (!isFirst && high - low <= QueriedRows)
                return await QueryAsync(topic, low, high, time, cancellationToken);

            var probe = isFirst ? low : low + ((high - low) / 2);
            var row = await table.ReadRowAsync(topic.Name, LogRows.EventKey(probe), EventTable.ReadTimeout, cancellationToken, [Timestamp]);
            if (row is null || row.Timestamp < time) // one that is not there has expired meanwhile
                low = probe + 1;
            else
                high = probe;
        }

        return low;
    }

    private async Task<long> QueryAsync(Topic topic, long low, long high, DateTimeOffset time, CancellationToken cancellationToken)
    {
        await foreach (var row in table.QueryAsync(LogRows.EventRange(topic, low, high - 1), ["RowKey", Timestamp], cancellationToken))
        {
            if (row.Timestamp >= time)
                return LogRows.Sequence(row);
        }

        return high;
    }
}
