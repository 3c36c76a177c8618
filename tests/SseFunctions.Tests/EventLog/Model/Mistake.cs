namespace SseFunctions.Tests.EventLog.Model;

/// <summary>A protocol that is not this code's: the explorer must find what it breaks.</summary>
internal enum Mistake
{
    None,

    /// <summary>A write without an answer is tried again, whatever has become of it.</summary>
    BlindRetry,

    /// <summary>A conflict is taken to mean that nothing was written, whatever came before it.</summary>
    ConflictEndsDoubt,

    /// <summary>An append that ends the topic is tried again after its head has moved, whatever the head says.</summary>
    CompleteIgnored,

    /// <summary>The transaction is not on condition of the head's ETag.</summary>
    NoETag,

    /// <summary>The head moves first, in a write of its own, and the event follows.</summary>
    IdBeforeCommit,

    /// <summary>Rows are deleted, and then the head's first moves.</summary>
    DeleteBeforeFirst,

    /// <summary>Idempotency keys go before their events.</summary>
    KeysBeforeEvents,

    /// <summary>A reader takes what a query brings for all there is after its cursor.</summary>
    MissingRowsUnseen,

    /// <summary>A reader goes on from what retention keeps, without a word.</summary>
    SilentGap,

    /// <summary>A query keeps the rows from before a hole that a trim made between two of its pages.</summary>
    HoleKept,
}
