namespace SseFunctions.EventLog;

/// <summary>The writers of this process: one for each topic that is being written, and for some of those that were.</summary>
/// <param name="open">Makes a topic's writer. It knows the head only after it has read it.</param>
internal sealed class TopicWriterPool(Func<Topic, TopicWriter> open)
{
    /// <summary>A writer kept saves its topic's next append one read of the head, and takes less than 1 KiB.</summary>
    public const int MaxIdle = 1000;

    private readonly Lock gate = new();
    private readonly Dictionary<Topic, Entry> entries = [];
    private int sweepAt = MaxIdle + 1;

    public int Count
    {
        get
        {
            lock (gate)
                return entries.Count;
        }
    }

    /// <summary>Writes to a topic, by the one writer that it has.</summary>
    public async Task<T> WriteAsync<T>(Topic topic, Func<TopicWriter, Task<T>> write)
    {
        var entry = Acquire(topic);
        try
        {
            return await write(entry.Writer);
        }
        finally
        {
            lock (gate)
                entry.Users--;
        }
    }

    private Entry Acquire(Topic topic)
    {
        lock (gate)
        {
            if (!entries.TryGetValue(topic, out var entry))
            {
                if (entries.Count + 1 >= sweepAt)
                    Sweep();

                entry = new Entry(open(topic));
                entries.Add(topic, entry);
            }

            entry.Users++;
            return entry;
        }
    }

    /// <summary>Forgets all that nobody uses, and not again before there are twice as many as are in use.</summary>
    private void Sweep()
    {
        foreach (var (topic, _) in entries.Where(entry => entry.Value is { Users: 0, Writer.IsIdle: true }).ToList())
            entries.Remove(topic);

        sweepAt = Math.Max(MaxIdle, 2 * entries.Count) + 1;
    }

    private sealed class Entry(TopicWriter writer)
    {
        public TopicWriter Writer => writer;

        public int Users { get; set; }
    }
}
