namespace SseFunctions.Tests.EventLog.Model;

/// <summary>Where a process is in TopicPartition.CommitAsync: before which request.</summary>
internal enum WriterAt : byte
{
    /// <summary>Before it knows a head: TopicPartition.ReadHeadAsync, where knownHead is null.</summary>
    Start,

    /// <summary>EventTable.CommitAsync.</summary>
    Append,

    /// <summary>AppendRefusals.AnswerAsync, after a conflict over an idempotency key.</summary>
    ReadKey,

    /// <summary>ReadHeadAsync, after a fault.</summary>
    ReadHead,

    /// <summary>HasLandedAsync, where the head does not say it.</summary>
    ReadRow,

    /// <summary>TryFenceAsync.</summary>
    Fence,

    /// <summary>Of a mistaken protocol: the id is its own, its event is not written.</summary>
    WriteRow,

    Done,
}

/// <summary>A writer of TopicPartition.CommitAsync, and the publisher before it.</summary>
/// <param name="At">Before which request.</param>
/// <param name="Append">Which of the publisher's appends.</param>
/// <param name="Crashes">How often it has died or given up.</param>
/// <param name="KnowsHead">Whether knownHead is the head as it is: an ETag that matches.</param>
/// <param name="KnownLast">knownHead's last sequence, 0 where it knows of no head.</param>
/// <param name="Sequence">That of the last try's event.</param>
/// <param name="IsFirst">Whether the last try was to make the head.</param>
/// <param name="IsInDoubt">isInDoubt: an earlier try may have landed, or still may.</param>
/// <param name="WasConflict">Whether the last fault was StorageFault.IsConflict.</param>
/// <param name="KnowsComplete">Whether knownHead says that the topic is complete.</param>
/// <param name="WasCurrent">Whether the head had not moved when it was read after the last fault.</param>
internal readonly record struct Writer(
    WriterAt At, byte Append, byte Crashes, bool KnowsHead, byte KnownLast, bool KnowsComplete, byte Sequence, bool IsFirst, bool IsInDoubt, bool WasConflict, bool WasCurrent);
