namespace SseFunctions.Tests.EventLog.Model;

internal enum ReaderAt : byte
{
    Idle,

    /// <summary>Between two pages of TableEventLog.ReadAsync.</summary>
    Paging,

    /// <summary>TopicFeed has frames.</summary>
    Loaded,
}

/// <summary>One client, the TopicReader of its stream, and the TopicFeed that this reads.</summary>
/// <param name="At">What its feed is at.</param>
/// <param name="Cursor">The client's last event ID.</param>
/// <param name="HeadLast">TopicFeed.head's last sequence; 0 before the first poll.</param>
/// <param name="First">TopicFeed.first.</param>
/// <param name="From">Where the load begins.</param>
/// <param name="To">Where it ends.</param>
/// <param name="Next">The first row of its next page.</param>
/// <param name="Run">What has been loaded, a bit a sequence.</param>
internal readonly record struct Reader(ReaderAt At, byte Cursor, byte HeadLast, byte First, byte From, byte To, byte Next, ushort Run)
{
    public Reader()
        : this(ReaderAt.Idle, 0, 0, 1, 0, 0, 0, 0)
    {
    }
}
