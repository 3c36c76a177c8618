namespace SseFunctions.EventLog;

/// <summary>
/// What waits to be written to one topic, in the order in which it came, already divided into transactions, so that the bound
/// on their number bounds how long anything waits.
/// </summary>
internal sealed class WriteQueue
{
    /// <summary>Transactions, beside the one being written. Conflicts with other processes can make a transaction several tries.</summary>
    public const int MaxWaiting = 9;

    /// <summary>Appends that wait for an earlier one with the same idempotency key.</summary>
    public const int MaxRepeats = 100;

    private readonly Lock gate = new();
    private readonly List<TopicWrite> waiting = [];
    private TopicWrite? current;
    private bool isRunning;
    private int repeats;

    /// <summary>Whether nothing is being written or waits.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (gate)
                return !isRunning && repeats == 0;
        }
    }

    /// <summary>Takes the append, unless an append with its key is there already.</summary>
    /// <param name="earlier">The append with its key; the caller waits for it and then calls <see cref="EndRepeat"/>.</param>
    /// <returns>Whether nothing was being written, so that the caller must now call <see cref="Next"/>.</returns>
    /// <exception cref="EventLogBusyException">Too much waits already.</exception>
    public bool Enqueue(PendingAppend append, out PendingAppend? earlier)
    {
        lock (gate)
        {
            earlier = WithKey(append.IdempotencyKey);
            if (earlier is not null)
            {
                if (repeats == MaxRepeats)
                    throw new EventLogBusyException("Too many appends wait for an earlier one with their key.");

                repeats++;
                return false;
            }

            // Only into the last: what came first is written first.
            return !(waiting.Count > 0 && waiting[^1] is AppendBatch last && last.TryAdd(append)) && Add(new AppendBatch(append));
        }
    }

    /// <returns>Whether nothing was being written, so that the caller must now call <see cref="Next"/>.</returns>
    /// <exception cref="EventLogBusyException">Too much waits already.</exception>
    public bool Enqueue(Completion completion)
    {
        lock (gate)
            return Add(completion);
    }

    public void EndRepeat()
    {
        lock (gate)
            repeats--;
    }

    /// <summary>Ends the current write and begins the next.</summary>
    /// <returns>Null when there is none.</returns>
    public TopicWrite? Next()
    {
        lock (gate)
        {
            current = waiting.FirstOrDefault();
            isRunning = current is not null;
            if (isRunning)
                waiting.RemoveAt(0);

            return current;
        }
    }

    /// <summary>Removes an append whose publisher has left. If its batch is being written, that goes on while anyone waits for it.</summary>
    public void Withdraw(PendingAppend append)
    {
        TopicWrite? abandoned = null;
        lock (gate)
        {
            append.IsAbandoned = true;
            if (current is AppendBatch { IsAbandoned: true })
                abandoned = current;

            if (waiting.OfType<AppendBatch>().FirstOrDefault(batch => batch.Appends.Contains(append)) is { } batch)
            {
                batch.Remove(append);
                append.Fail(new OperationCanceledException());
                if (batch.Appends.Count == 0)
                    waiting.Remove(batch);
            }
        }

        abandoned?.Abandon();
    }

    public void Withdraw(Completion completion)
    {
        lock (gate)
            waiting.Remove(completion);

        completion.Abandon();
    }

    /// <summary>The append with the key whose answer is still to come; one that has its answer, while the others of its batch wait, is none.</summary>
    private PendingAppend? WithKey(string? key) => key is null
        ? null
        : waiting.Append(current).OfType<AppendBatch>().SelectMany(batch => batch.Appends).FirstOrDefault(append => append.IdempotencyKey == key && !append.Answer.IsCompleted);

    private bool Add(TopicWrite write)
    {
        if (waiting.Count == MaxWaiting)
            throw new EventLogBusyException("Too many writes to the topic wait already.");

        waiting.Add(write);
        var isFirst = !isRunning;
        isRunning = true;
        return isFirst;
    }
}
