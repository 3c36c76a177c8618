using SseFunctions.EventLog;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>What topics hold and how long they keep it, for those who ask over HTTP.</summary>
internal sealed class TopicStates
{
    private static readonly TimeSpan HeadInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>What hardly ever changes; a change that another process makes shows so much later.</summary>
    private static readonly TimeSpan RetentionInterval = TimeSpan.FromSeconds(10);

    private readonly SharedReads<Topic, TopicHead?> heads;
    private readonly SharedReads<Topic, TopicRetention> retentions;

    public TopicStates(TableEventLog log, TopicFeedRegistry feeds, TimeProvider time)
    {
        heads = new(HeadInterval, time, (topic, stop) => feeds.Reads.AskAsync(() => log.ReadHeadAsync(topic, CancellationToken.None), stop));
        retentions = new(RetentionInterval, time, (topic, stop) => feeds.Reads.AskAsync(() => log.ReadRetentionAsync(topic, CancellationToken.None), stop));
        log.Written += (topic, head, _) => heads.Set(topic, head);
    }

    /// <exception cref="ReadsBusyException">Too many questions wait already.</exception>
    /// <exception cref="EventLogUnavailableException">The table could not be read.</exception>
    public async Task<TopicState> ReadAsync(Topic topic, CancellationToken cancellationToken)
    {
        var (head, retention) = (heads.ReadAsync(topic, cancellationToken), retentions.ReadAsync(topic, cancellationToken));
        await Task.WhenAll(head, retention);
        return TopicState.From(topic, await head, await retention);
    }

    /// <summary>Takes in the retention that this process has written.</summary>
    public void Set(Topic topic, TopicRetention retention) => retentions.Set(topic, retention);
}
