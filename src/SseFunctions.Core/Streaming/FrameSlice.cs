using System.Globalization;
using System.Text;

namespace SseFunctions.Streaming;

/// <summary>Frames to be written: shared bytes that never change.</summary>
/// <param name="Bytes">Whole frames; none when a filter has left out all events.</param>
/// <param name="Last">The sequence of the last event.</param>
/// <param name="NewestTime">The time of the last frame's event.</param>
internal readonly record struct FrameSlice(ReadOnlyMemory<byte> Bytes, long Last, DateTimeOffset NewestTime)
{
    /// <summary>What a slice holds, unless one frame alone is larger: between two slices a stream looks at its deadline.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>The same bytes as a chunk of HTTP/1.1; empty when nobody has made one.</summary>
    public ReadOnlyMemory<byte> Chunk { get; init; }

    /// <summary>How many frames there are, when a filter has left out others; null when they are those of all events.</summary>
    public int? Passed { get; init; }

    /// <summary>Bytes of the frames that a filter has left out.</summary>
    public int LeftOut { get; init; }

    /// <summary>Whether a filter has left out the last event: the id that the client gets is then an older one.</summary>
    public bool LeavesOutLast { get; init; }

    /// <summary>With a chunk of its bytes (RFC 9112, section 7.1), made once for all clients.</summary>
    public FrameSlice WithChunk() =>
        this with { Chunk = (byte[])[.. Encoding.ASCII.GetBytes(Bytes.Length.ToString("x", CultureInfo.InvariantCulture)), .. "\r\n"u8, .. Bytes.Span, .. "\r\n"u8] };

    /// <summary>Finds the last frame of a slice.</summary>
    /// <param name="ends">Where the frames end in their bytes.</param>
    /// <param name="index">The first frame of the slice.</param>
    public static int LastIndex(ReadOnlySpan<int> ends, int index)
    {
        var start = index == 0 ? 0 : ends[index - 1];
        var found = ends.BinarySearch(start + MaxBytes);
        return Math.Clamp(found < 0 ? ~found - 1 : found, index, ends.Length - 1);
    }
}
