namespace SseFunctions.Streaming;

/// <summary>
/// Reads something of many things, each at most once in an interval, whoever asks. What this process has written is seen at once.
/// </summary>
/// <typeparam name="TKey">What is asked for.</typeparam>
/// <typeparam name="T">The answer.</typeparam>
internal sealed class SharedReads<TKey, T>(TimeSpan interval, TimeProvider time, Func<TKey, CancellationToken, Task<T>> read)
    where TKey : notnull
{
    private readonly Lock gate = new();
    private readonly Dictionary<TKey, SharedRead<T>> reads = [];

    /// <summary>The same keys, in the order in which they were first asked for.</summary>
    private readonly Queue<TKey> asked = new();

    /// <summary>How many answers are kept.</summary>
    public int Count
    {
        get
        {
            lock (gate)
                return reads.Count;
        }
    }

    /// <inheritdoc cref="SharedRead{T}.ReadAsync"/>
    public Task<T> ReadAsync(TKey key, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            RemoveStale();
            if (!reads.TryGetValue(key, out var shared))
            {
                shared = reads[key] = new(interval, time, stop => read(key, stop));
                asked.Enqueue(key);
            }

            return shared.ReadAsync(cancellationToken);
        }
    }

    /// <summary>Takes in what this process has written, where somebody has asked not long ago.</summary>
    public void Set(TKey key, T written)
    {
        lock (gate)
            reads.GetValueOrDefault(key)?.Set(written);
    }

    /// <summary>Looks at two keys for each one that is asked for, so that the stale ones do not add up.</summary>
    private void RemoveStale()
    {
        for (var i = 0; i < 2 && asked.TryDequeue(out var key); i++)
        {
            if (reads[key].IsStale)
                reads.Remove(key);
            else
                asked.Enqueue(key);
        }
    }
}
