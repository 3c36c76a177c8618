using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>Where times are in logs. Clients that come together with the same time share the search for it.</summary>
internal sealed class SinceLookups(TableReads reads, TimeProvider time)
{
    /// <summary>How long a place is known: what a duration means changes all the time, and retention moves on.</summary>
    private static readonly TimeSpan KnownFor = TimeSpan.FromSeconds(1);

    /// <summary>Searches that are shared at a time. Beyond it, each client has its own.</summary>
    private const int MaxShared = 1000;

    private readonly Lock gate = new();
    private readonly Dictionary<(Topic, Since), Task<EventId>> searches = [];

    /// <summary>In the order of their beginnings, as timestamps.</summary>
    private readonly Queue<((Topic, Since) Key, long Begun)> begun = new();

    /// <inheritdoc cref="SinceSearch.FindAsync"/>
    public Task<EventId> FindAsync(Topic topic, Since since)
    {
        lock (gate)
        {
            while (begun.TryPeek(out var oldest) && time.GetElapsedTime(oldest.Begun) >= KnownFor)
                searches.Remove(begun.Dequeue().Key);

            if (searches.TryGetValue((topic, since), out var search))
                return search;

            using (ExecutionContext.SuppressFlow()) // it is not only for the first who asks
                search = Task.Run(() => reads.SinceAsync(topic, since, CancellationToken.None));

            _ = search.ContinueWith(failed => failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default); // all may have left
            if (searches.Count < MaxShared)
            {
                searches.Add((topic, since), search);
                begun.Enqueue(((topic, since), time.GetTimestamp()));
            }

            return search;
        }
    }
}
