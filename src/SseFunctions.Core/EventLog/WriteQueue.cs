namespace SseFunctions.EventLog;

/// <summary>
/// What waits to be written to one topic, in the order in which it came, already laid out in transactions: so its bound
/// is one on how long anything waits.
/// </summary>
internal sealed class WriteQueue
{
    /// <summary>Transactions, behind the one under way. Conflicts with other processes can make a transaction several tries.</summary>
    public const int MaxWaiting = 9;

    /// <summary>Appends that wait for an earlier one with their idempotency key.</summary>
    public const int MaxRepeats = 100;

    private readonly Lock gate = new();
    private readonly List<TopicWrite> waiting = [];
    private TopicWrite? current;
    private bool isRunning;
    private int repeats;

    /// <summary>Whether nothing is under way or waits.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (gate)
                return !isRunning && repeats == 0;
        }
    }

    /// <summary>Takes the append on, unless an append with its key is there already.</summary>
    /// <param name="append">The append.</param>
    /// <param name="earlier">The append with its key; the caller waits for it and then says so with <see cref="EndRepeat"/>.</param>
    /// <returns>Whether nothing was under way, so that <see cref="Next"/> must now be asked.</returns>
    /// <exception cref="EventLogBusyException">Too much waits already.</exception>
    public bool Enter(PendingAppend append, out PendingAppend? earlier)
    {
        lock (gate)
        {
            earlier = WithKey(append.IdempotencyKey);
            if (earlier is not null)
            {
                if (repeats == MaxRepeats)
                    throw new EventLogBusyException("Too many appends with a key of another wait already.");

                repeats++;
                return false;
            }

            // Only into the last: what came first is written first.
            return !(waiting.Count > 0 && waiting[^1] is AppendBatch last && last.TryAdd(append)) && Add(new AppendBatch(append));
        }
    }

    /// <returns>Whether nothing was under way, so that <see cref="Next"/> must now be asked.</returns>
    /// <exception cref="EventLogBusyException">Too much waits already.</exception>
    public bool Enter(Completion completion)
    {
        lock (gate)
            return Add(completion);
    }

    public void EndRepeat()
    {
        lock (gate)
            repeats--;
    }

    /// <summary>Ends the write under way and begins the next.</summary>
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

    /// <summary>Takes out an append whose publisher has left. If it is under way, that goes on while anyone waits for it.</summary>
    public void Leave(PendingAppend append)
    {
        TopicWrite? abandoned = null;
        lock (gate)
        {
            append.HasLeft = true;
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

    public void Leave(Completion completion)
    {
        lock (gate)
            waiting.Remove(completion);

        completion.Abandon();
    }

    /// <summary>The append with the key whose answer is still to come; who has one, while the others of its batch wait, tells nothing new.</summary>
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
