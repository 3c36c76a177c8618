namespace SseFunctions.EventLog;

/// <summary>The appends that share a transaction, in the order in which they came.</summary>
/// <remarks>
/// While it waits it is filled and emptied under the queue's lock. Once it runs it belongs to the run; others only look
/// at <see cref="IsAbandoned"/>, which a list that is replaced rather than changed allows.
/// </remarks>
internal sealed class AppendBatch(params IReadOnlyList<PendingAppend> appends) : TopicWrite
{
    /// <summary>Operations of an entity group transaction, without the head's.</summary>
    private const int MaxOperations = 99;

    public IReadOnlyList<PendingAppend> Appends => appends;

    public IEnumerable<NewEvent> Events => appends.SelectMany(append => append.Events);

    public int EventCount => appends.Sum(append => append.Events.Count);

    public bool IsAbandoned => appends.All(append => append.HasLeft);

    /// <summary>Adds an append, when the transaction has room for all of it.</summary>
    public bool TryAdd(PendingAppend append)
    {
        if (!HasRoomFor(append))
            return false;

        appends = [.. appends, append];
        return true;
    }

    public void Remove(PendingAppend append) => appends = [.. appends.Where(other => other != append)];

    /// <summary>Leaves out appends whose publishers have left, and tells those who wait with the same key to append themselves.</summary>
    public void RemoveWhoHaveLeft()
    {
        foreach (var left in appends.Where(append => append.HasLeft))
        {
            Remove(left);
            left.Fail(new OperationCanceledException());
        }
    }

    /// <summary>Two batches that together are this one.</summary>
    public IEnumerable<AppendBatch> Halves() => appends.Chunk((appends.Count + 1) / 2).Select(half => new AppendBatch(half));

    public override Task RunAsync(TopicPartition partition) => partition.AppendAsync(this, Abandoned);

    /// <summary>Tells each publisher the ids of its own events.</summary>
    /// <param name="epoch">The log's incarnation.</param>
    /// <param name="first">The sequence of the first event of all.</param>
    public void Settle(string epoch, long first)
    {
        foreach (var append in appends)
        {
            append.Settle(ResultOf(append, epoch, first));
            first += append.Events.Count;
        }
    }

    public override void Fail(Exception fault)
    {
        foreach (var append in appends)
            append.Fail(fault);
    }

    public static AppendResult ResultOf(PendingAppend append, string epoch, long first) =>
        new(AppendOutcome.Appended, epoch, first, first + append.Events.Count - 1);

    private bool HasRoomFor(PendingAppend append) =>
        EventCount + append.Events.Count <= TopicWriter.MaxEvents
        && appends.Sum(other => other.Operations) + append.Operations <= MaxOperations
        && appends.Sum(other => (long)other.DataBytes) + append.DataBytes <= TopicWriter.MaxAppendBytes;
}
