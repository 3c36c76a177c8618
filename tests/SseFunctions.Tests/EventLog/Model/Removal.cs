namespace SseFunctions.Tests.EventLog.Model;

internal enum RegisteringAt : byte
{
    /// <summary>TopicPartition.ReadHeadAsync.</summary>
    ReadHead,

    /// <summary>EventTable.CommitAsync, its registration of the topic.</summary>
    Register,

    /// <summary>EventTable.CommitAsync, the transaction that makes the first head.</summary>
    AddHead,

    Done,
}

internal enum RemovingAt : byte
{
    /// <summary>TopicDirectory.ListAsync, or the beginning of DeleteTopicAsync.</summary>
    ReadEntry,

    /// <summary>TopicTrimmer.ReadHeadRowAsync.</summary>
    ReadHead,

    DeleteHead,

    /// <summary>TopicTrimmer.RemoveEntryAsync.</summary>
    DeleteEntry,
}

/// <summary>A way to remove topics that is not this code's: the explorer must find what it breaks.</summary>
internal enum RemovalMistake
{
    None,

    /// <summary>The registry is removed under a writer: whatever the entry is now.</summary>
    EntryWithoutETag,

    /// <summary>The registry is removed under a writer: as soon as there is no log.</summary>
    EntryWithoutGrace,

    /// <summary>The head is deleted whatever it is now.</summary>
    HeadWithoutETag,

    /// <summary>A writer makes the head and then registers the topic.</summary>
    HeadBeforeEntry,
}

/// <summary>A topic's head and its entry in the list, two writers that find no head, and one run of retention or deletion after the other.</summary>
/// <param name="HasEntry">Whether the list has the topic.</param>
/// <param name="IsEntryOld">Whether it was last written before TopicTrimmer.EntryGrace.</param>
/// <param name="HasHead">Whether there is a log.</param>
/// <param name="IsHeadOld">Whether it was last written before the maximum age.</param>
/// <param name="A">Where a writer is.</param>
/// <param name="B">Where the other is.</param>
/// <param name="Late">First heads that got no answer and are still on their way.</param>
/// <param name="At">Where the removal is.</param>
/// <param name="KnowsEntry">Whether the entry is still the one that the removal read.</param>
/// <param name="SawOld">Whether that was old.</param>
/// <param name="KnowsHead">Whether the head is still the one that the removal read.</param>
/// <param name="IsDelete">Whether it removes the head at any age.</param>
internal readonly record struct Removal(
    bool HasEntry, bool IsEntryOld, bool HasHead, bool IsHeadOld, RegisteringAt A, RegisteringAt B, byte Late, RemovingAt At, bool KnowsEntry, bool SawOld, bool KnowsHead, bool IsDelete);
