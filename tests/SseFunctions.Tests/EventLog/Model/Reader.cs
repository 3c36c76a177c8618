using SseFunctions.Streaming;

namespace SseFunctions.Tests.EventLog.Model;

internal enum ReaderAt : byte
{
    Idle,

    /// <summary>Between two pages of TableEventLog.ReadAsync.</summary>
    Paging,

    /// <summary>Rows were missing: before TopicLoads reads the head anew.</summary>
    Confirming,

    /// <summary>TopicFeed has frames.</summary>
    Loaded,
}

/// <summary>One client, the TopicReader of its stream, and the TopicFeed that this reads.</summary>
/// <param name="At">What its feed is at.</param>
/// <param name="Cursor">The client's last event ID.</param>
/// <param name="View">What its feed knows: the feed's own class.</param>
/// <param name="From">Where the load begins.</param>
/// <param name="To">Where it ends.</param>
/// <param name="Next">The first row of its next page.</param>
/// <param name="Run">What has been loaded, a bit a sequence.</param>
internal readonly record struct Reader(ReaderAt At, byte Cursor, TopicView View, byte From, byte To, byte Next, ushort Run)
{
    public Reader()
        : this(ReaderAt.Idle, 0, TopicView.Unknown, 0, 0, 0, 0)
    {
    }
}
