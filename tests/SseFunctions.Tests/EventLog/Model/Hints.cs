using SseFunctions.Streaming;

namespace SseFunctions.Tests.EventLog.Model;

/// <summary>A protocol of hints that is not this code's: the explorer must find what it breaks.</summary>
internal enum HintMistake
{
    None,

    /// <summary>The hint goes out before the commit.</summary>
    HintBeforeCommit,

    /// <summary>And the reader takes it for the truth.</summary>
    HintAdoptedWithoutRows,

    /// <summary>And the reader takes the rows that are not there yet for expired.</summary>
    MissingTakenForExpired,

    /// <summary>Changes have dropped out of the writer's row before the reader came, and it goes on.</summary>
    GapUnnoticed,

    /// <summary>Nobody looks at a head without a hint.</summary>
    NoLook,
}

/// <summary>One topic, its publisher, this one's row of the change feed, and a process that reads both.</summary>
/// <param name="Last">The topic's last committed event.</param>
/// <param name="IsDead">Whether the publisher has died.</param>
/// <param name="IsCommitted">Whether the last hint has its commit; false only between the two of a mistaken protocol.</param>
/// <param name="ToHint">The last event that is committed and not announced; 0 for none.</param>
/// <param name="Sequence">The row's last flush.</param>
/// <param name="Announced">The event that the row announces; 0 when it has dropped out.</param>
/// <param name="Flush">The flush in which it did.</param>
/// <param name="Handled">The last flush that the reader has seen.</param>
/// <param name="HasGap">Whether the reader has noticed a gap, and not looked again since.</param>
/// <param name="View">What its feed knows: the feed's own class.</param>
/// <param name="Poll">A read of the head under way: what the table had, or -1 before it was asked.</param>
/// <param name="PollWrites">TopicView.Writes when it began.</param>
/// <param name="Load">A read of rows under way: what the table had last, or -1 before it was asked.</param>
/// <param name="From">The event before its first row; null when there is no such read.</param>
/// <param name="To">Its last row.</param>
internal sealed record Hints(
    int Last, bool IsDead, bool IsCommitted, int ToHint, int Sequence, int Announced, int Flush, int Handled, bool HasGap, TopicView View, int? Poll, long PollWrites, int Load, int? From, int To);
