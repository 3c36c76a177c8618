namespace SseFunctions.EventLog;

/// <summary>The appends that share a transaction, in the order in which they came.</summary>
/// <remarks>
/// While it waits it is filled and emptied under the queue's lock. Once it is written it belongs to the writer; others only read
/// <see cref="IsAbandoned"/>, which is safe because the list is replaced, not changed.
/// </remarks>
internal sealed class AppendBatch(params IReadOnlyList<PendingAppend> appends) : TopicWrite
{
    public IReadOnlyList<PendingAppend> Appends => appends;

    public IEnumerable<NewEvent> Events => appends.SelectMany(append => append.Events);

    public int EventCount => appends.Sum(append => append.Events.Count);

    /// <summary>Whether the transaction ends the topic.</summary>
    public bool CompletesTopic => appends is [.., { CompletesTopic: true }];

    /// <summary>The budget of the append that came last: it has the most time left, since all are tried as long.</summary>
    public RetryBudget Retry => appends[^1].Retry;

    public bool IsAbandoned => appends.All(append => append.IsAbandoned);

    /// <summary>Adds an append, when the transaction has room for all of it.</summary>
    public bool TryAdd(PendingAppend append)
    {
        if (!HasRoomFor(append))
            return false;

        appends = [.. appends, append];
        return true;
    }

    public void Remove(PendingAppend append) => appends = [.. appends.Where(other => other != append)];

    /// <summary>Removes appends whose publishers have left; who waits for them with the same key then appends itself.</summary>
    public void RemoveAbandoned()
    {
        foreach (var abandoned in appends.Where(append => append.IsAbandoned))
        {
            Remove(abandoned);
            abandoned.Fail(new OperationCanceledException());
        }
    }

    /// <summary>Two batches that together are this one.</summary>
    public IEnumerable<AppendBatch> Bisect() => appends.Chunk((appends.Count + 1) / 2).Select(half => new AppendBatch(half));

    /// <summary>Each append with the result that it has when the batch is written.</summary>
    /// <param name="first">The sequence of the first event of all.</param>
    public IEnumerable<(PendingAppend Append, AppendResult Result)> Results(string epoch, long first)
    {
        foreach (var append in appends)
        {
            var next = first + append.Events.Count;
            yield return (append, new AppendResult(AppendOutcome.Appended, epoch, first, next - 1));
            first = next;
        }
    }

    /// <summary>Gives each publisher the ids of its own events.</summary>
    /// <inheritdoc cref="Results"/>
    public void Settle(string epoch, long first)
    {
        foreach (var (append, result) in Results(epoch, first))
            append.Settle(result);
    }

    public override void Fail(Exception ex)
    {
        foreach (var append in appends)
            append.Fail(ex);
    }

    private bool HasRoomFor(PendingAppend append) =>
        !CompletesTopic
        && appends.All(other => other.Retry.Timeout == append.Retry.Timeout)
        && EventCount + append.Events.Count <= AppendLimits.MaxEvents
        && appends.Sum(other => other.Operations) + append.Operations <= AppendLimits.MaxOperations
        && appends.Sum(other => (long)other.DataBytes) + append.DataBytes <= AppendLimits.MaxAppendBytes;
}
