namespace SseFunctions.Streaming;

/// <summary>Counts the streams that this process holds open.</summary>
internal sealed class OpenStreams(StreamOptions options)
{
    private int count;

    public int Count => Volatile.Read(ref count);

    /// <summary>Counts one more.</summary>
    /// <returns>Whether it is among those that may be held open.</returns>
    public bool Enter() => Interlocked.Increment(ref count) <= options.MaxStreams;

    public void Leave() => Interlocked.Decrement(ref count);
}
