namespace SseFunctions.Streaming;

/// <summary>What a newer head changes for those who read a topic.</summary>
[Flags]
internal enum ViewChange
{
    None = 0,

    /// <summary>Events that continue what readers know: the push loop gives them to all.</summary>
    MoreEvents = 1,

    /// <summary>Something that each reader must see for itself.</summary>
    ReadersMustLook = 2,

    /// <summary>The log is another one: frames of the old one are void.</summary>
    OtherLog = 4,
}
