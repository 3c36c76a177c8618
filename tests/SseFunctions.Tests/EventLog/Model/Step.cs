namespace SseFunctions.Tests.EventLog.Model;

internal enum Actor
{
    WriterA,
    WriterB,
    Trimmer,
    Reader,

    /// <summary>What brings a request, given up for lost, to the table after all.</summary>
    Network,
}

/// <summary>What an actor does: nearly always one request to the table, and what it makes of the answer.</summary>
internal enum Does
{
    ReadHead,
    Append,
    ReadRow,
    ReadKey,
    Fence,
    WriteRow,
    MoveFirst,
    QueryRows,
    DeleteRows,
    DeleteKeys,
    Poll,
    StartLoad,
    ReadPage,
    ConfirmHead,
    TakeEvent,
    TakeGap,
    Reconnect,
    Crash,
    Arrive,
}

/// <summary>What becomes of a request.</summary>
internal enum Fate
{
    /// <summary>The table does it, or refuses to, and says so.</summary>
    Answered,

    /// <summary>It never reaches the table.</summary>
    RequestLost,

    /// <summary>The table does it, or refuses to, and nobody learns of it.</summary>
    AnswerLost,

    /// <summary>Given up for lost, it is still on its way.</summary>
    Late,
}

/// <param name="Actor">Who.</param>
/// <param name="Does">What.</param>
/// <param name="Fate">What becomes of it.</param>
/// <param name="Nonce">Which transaction arrives.</param>
internal readonly record struct Step(Actor Actor, Does Does, Fate Fate = Fate.Answered, byte Nonce = 0);

/// <summary>A step, what it leads to, and the promise that it breaks, if any.</summary>
internal readonly record struct Move(Step Step, State State, string? Broken = null);
