using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>
/// Reads topics' heads for those who ask over HTTP, each topic's at most once in half a second, whoever asks. What this process
/// has written is seen at once.
/// </summary>
internal sealed class TopicHeads
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly TableEventLog log;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly Dictionary<Topic, SharedRead<TopicHead?>> reads = [];

    /// <summary>The same topics, in the order in which they were first asked for.</summary>
    private readonly Queue<Topic> asked = new();

    public TopicHeads(TableEventLog log, TimeProvider time)
    {
        (this.log, this.time) = (log, time);
        log.Written += (topic, head, _) => Find(topic)?.Set(head);
    }

    /// <returns>Null while nothing was ever written to the topic.</returns>
    /// <exception cref="EventLogUnavailableException">The table could not be read.</exception>
    public Task<TopicHead?> ReadAsync(Topic topic, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            RemoveStale();
            if (!reads.TryGetValue(topic, out var read))
            {
                read = reads[topic] = new(Interval, time, () => log.ReadHeadAsync(topic, CancellationToken.None));
                asked.Enqueue(topic);
            }

            return read.ReadAsync(cancellationToken);
        }
    }

    private SharedRead<TopicHead?>? Find(Topic topic)
    {
        lock (gate)
            return reads.GetValueOrDefault(topic);
    }

    /// <summary>Looks at two topics for each one that is added, so that the stale ones do not add up.</summary>
    private void RemoveStale()
    {
        for (var i = 0; i < 2 && asked.TryDequeue(out var topic); i++)
        {
            if (reads[topic].IsStale)
                reads.Remove(topic);
            else
                asked.Enqueue(topic);
        }
    }
}
