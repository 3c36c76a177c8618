namespace SseFunctions.EndToEnd.Support;

/// <summary>Bytes that are read in chunks of the given sizes, over and over.</summary>
internal sealed class ChunkedStream(byte[] bytes, IReadOnlyList<int> sizes) : MemoryStream(bytes)
{
    private int turn;

    /// <summary>The other ways to read come here, as in any class that derives from it.</summary>
    public override int Read(byte[] buffer, int offset, int count) =>
        base.Read(buffer, offset, Math.Min(count, sizes[turn++ % sizes.Count]));
}
