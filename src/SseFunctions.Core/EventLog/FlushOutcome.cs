namespace SseFunctions.EventLog;

/// <summary>What became of a flush of the change feed.</summary>
internal enum FlushOutcome
{
    Written,

    /// <summary>The row is full, or readers do not ask for it: the page goes into another one.</summary>
    WrongRow,

    Failed,
}
