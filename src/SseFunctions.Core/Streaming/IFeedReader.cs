using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>Whoever follows a topic by its feed.</summary>
internal interface IFeedReader
{
    /// <summary>Gives the reader new events.</summary>
    /// <param name="after">The event before the slice.</param>
    /// <param name="slice">The new events.</param>
    void Push(EventId after, FrameSlice slice);

    /// <summary>Says that <see cref="TopicFeed.Read"/> may have something else.</summary>
    void Wake();
}
