using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

internal enum FeedReadKind
{
    /// <summary>The head is not known yet, or not newer than the reader: wait.</summary>
    Waiting,

    /// <summary>As <see cref="Waiting"/>, and the table cannot be read at present.</summary>
    StorageUnavailable,

    /// <summary>The process follows as many topics as it may, and this one is not among them.</summary>
    TooManyTopics,

    /// <summary>As many searches for times wait as may, and this one is not among them.</summary>
    TooManySearches,

    /// <summary>Nothing after the cursor yet.</summary>
    CaughtUp,

    /// <summary>Nothing after the cursor, ever.</summary>
    Complete,

    /// <summary>There is more, in the table: load it.</summary>
    NotLoaded,

    Frames,
    Gap,
}

/// <summary>What a feed answers to a cursor.</summary>
/// <param name="Kind">Which of the others are set.</param>
/// <param name="Cursor">Where the reader is after this answer.</param>
/// <param name="Until">The last sequence that the reader may have now, when there is more after the cursor.</param>
/// <param name="Slice">The frames between the old cursor and the new.</param>
/// <param name="Gap">What is reported to the client before the next event.</param>
internal readonly record struct FeedRead(FeedReadKind Kind, EventId Cursor, long Until = 0, FrameSlice Slice = default, StreamGap? Gap = null);
