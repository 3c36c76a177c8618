namespace SseFunctions.EventLog;

internal enum AppendOutcome
{
    Appended,

    /// <summary>The idempotency key was used before; the ids are those of the first append.</summary>
    Repeated,

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

    /// <summary>What an append with the same key is told.</summary>
    public AppendResult AsRepeat() => Outcome == AppendOutcome.Appended ? this with { Outcome = AppendOutcome.Repeated } : this;
}
