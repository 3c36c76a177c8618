using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>
/// Reads something of topics for those who ask over HTTP, each topic's at most once in an interval, whoever asks. What this
/// process has written is seen at once.
/// </summary>
internal sealed class TopicReads<T>(TimeSpan interval, TimeProvider time, Func<Topic, Task<T>> read)
{
    private readonly Lock gate = new();
    private readonly Dictionary<Topic, SharedRead<T>> reads = [];

    /// <summary>The same topics, in the order in which they were first asked for.</summary>
    private readonly Queue<Topic> asked = new();

    /// <summary>How many topics' answers are kept.</summary>
    public int Count
    {
        get
        {
            lock (gate)
                return reads.Count;
        }
    }

    public Task<T> ReadAsync(Topic topic, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            RemoveStale();
            if (!reads.TryGetValue(topic, out var shared))
            {
                shared = reads[topic] = new(interval, time, () => read(topic));
                asked.Enqueue(topic);
            }

            return shared.ReadAsync(cancellationToken);
        }
    }

    /// <summary>Takes in what this process has written, where somebody has asked not long ago.</summary>
    public void Set(Topic topic, T written)
    {
        lock (gate)
            reads.GetValueOrDefault(topic)?.Set(written);
    }

    /// <summary>Looks at two topics for each one that is asked for, so that the stale ones do not add up.</summary>
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
