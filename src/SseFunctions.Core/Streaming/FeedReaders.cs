namespace SseFunctions.Streaming;

/// <summary>The readers of a feed, under its lock.</summary>
internal sealed class FeedReaders
{
    private readonly HashSet<IFeedReader> readers = [];
    private IFeedReader[]? all;

    public int Count => readers.Count;

    /// <summary>All of them, in an array that never changes: a round of a thousand readers copies none, unless some have come or gone since the last one.</summary>
    public IFeedReader[] All => all ??= [.. readers];

    public void Add(IFeedReader reader)
    {
        readers.Add(reader);
        all = null;
    }

    /// <returns>Whether it was there.</returns>
    public bool Remove(IFeedReader reader)
    {
        all = null;
        return readers.Remove(reader);
    }
}
