namespace SseFunctions.Tests.EventLog.Model;

/// <summary>Where TopicTrimmer.TrimAsync is: before which request.</summary>
internal enum TrimmerAt : byte
{
    /// <summary>MoveFirstAsync: ReadHeadRowAsync.</summary>
    ReadHead,

    /// <summary>MoveFirstAsync: the conditional merge.</summary>
    MoveFirst,

    /// <summary>TopicRowDeletion: the query of rows.</summary>
    QueryRows,

    /// <summary>TopicRowDeletion: a batch of deletes.</summary>
    DeleteRows,

    /// <summary>Of a mistaken protocol: keys go before their events.</summary>
    DeleteKeys,
}

/// <param name="At">Before which request.</param>
/// <param name="KnowsHead">Whether the head that it has read is the head as it is.</param>
/// <param name="First">What it is to move first to, or has.</param>
/// <param name="Found">What a query has found, a bit a row.</param>
internal readonly record struct Trimmer(TrimmerAt At, bool KnowsHead, byte First, ushort Found);
