namespace SseFunctions.Tests.EventLog.Model;

/// <summary>What part of the world is explored, and what is broken in it on purpose.</summary>
internal sealed record ModelOptions
{
    public const int Writers = 2;

    /// <summary>Appends of each writer, 1 to 3, one event each, one after the other.</summary>
    public int Appends { get; init; } = 3;

    /// <summary>The writer whose last append ends the topic; null for none.</summary>
    public Actor? Completing { get; init; }

    /// <summary>How often each writer may die or give up, 0 or 1 times: its publisher then repeats the append under its key.</summary>
    public int Crashes { get; init; } = 1;

    /// <summary>Of more events than these, retention takes the oldest; 0 for no retention.</summary>
    public int MaxEvents { get; init; } = 2;

    /// <summary>Rows that a trimmer deletes at a time.</summary>
    public int DeleteBatch { get; init; } = 1;

    /// <summary>
    /// Instead of the writers, so many events that are appended whenever it may be: no more than that do writers to the table, as
    /// is checked where they are explored, and so it is all that a reader can meet.
    /// </summary>
    public int AnyAppends { get; init; }

    /// <summary>Whether there is a reader.</summary>
    public bool HasReader { get; init; } = true;

    /// <summary>Rows of a query's page.</summary>
    public int PageRows { get; init; } = 2;

    /// <summary>Whether one state stands for all that differ only in what nobody will look at again.</summary>
    public bool IsReduced { get; init; } = true;

    public Mistake Mistake { get; init; }

    /// <summary>Whether an append ends the topic.</summary>
    public bool Completes(int append) => Completing is { } writer && append == Nonce.AppendOf((int)writer, Appends - 1);
}
