namespace SseFunctions.EventLog;

internal enum AppendOutcome
{
    Appended,

    /// <summary>The idempotency key was used before, for the same events; the ids are those of the first append.</summary>
    Repeated,

    /// <summary>The idempotency key was used before, for other events; nothing was written.</summary>
    KeyReused,

    /// <summary>The topic takes no more events; nothing was written.</summary>
    TopicComplete,
}

/// <summary>What became of an append, and the ids of its events: consecutive sequences of one epoch.</summary>
internal sealed record AppendResult(AppendOutcome Outcome, string Epoch, long First, long Last)
{
    public IEnumerable<EventId> Ids
    {
        get
        {
            for (var sequence = First; sequence <= Last; sequence++)
                yield return new EventId(Epoch, sequence);
        }
    }

    /// <summary>An append that made no events.</summary>
    public static AppendResult Nothing(AppendOutcome outcome, string epoch) => new(outcome, epoch, 0, -1);
}
