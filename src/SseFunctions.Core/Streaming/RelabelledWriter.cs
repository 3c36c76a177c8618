using System.Buffers;

namespace SseFunctions.Streaming;

/// <summary>
/// Writes frames to a client under the ids of a stream of several topics. The shared frames are copied into one small buffer,
/// since most are small; a larger frame goes without a copy, after its id.
/// </summary>
internal sealed class RelabelledWriter(ClientWriter client) : IDisposable
{
    private readonly byte[] buffer = ArrayPool<byte>.Shared.Rent(ClientWriter.MaxWriteBytes);
    private int length;

    /// <summary>How many bytes of frames it has taken.</summary>
    public int Count { get; private set; }

    /// <param name="frames">Whole frames, as <see cref="SseFrame.WriteEvent"/> writes them.</param>
    /// <param name="before">What stands before each frame's id.</param>
    /// <param name="after">What stands after it.</param>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> frames, byte[] before, byte[] after)
    {
        Count += frames.Length;
        while (!frames.IsEmpty)
        {
            var (id, rest) = SseFrame.SplitFirst(frames.Span);
            if (length + id + before.Length + after.Length + rest > ClientWriter.MaxWriteBytes)
                await FlushAsync();

            Add(SseFrame.IdField);
            Add(before);
            Add(frames.Span[SseFrame.IdField.Length..id]);
            Add(after);
            var body = frames.Slice(id, rest);
            frames = frames[(id + rest)..];
            if (body.Length <= ClientWriter.MaxWriteBytes - length)
            {
                Add(body.Span);
                continue;
            }

            await FlushAsync();
            await client.WriteAsync(body);
        }
    }

    /// <summary>Writes what is still in the buffer.</summary>
    public async ValueTask FlushAsync()
    {
        await client.WriteAsync(client.Answer is null ? buffer.AsMemory(0, length) : buffer.AsSpan(0, length).ToArray()); // an answer keeps what it is given
        length = 0;
    }

    /// <summary>After a write that failed, the buffer is left to the garbage collector: who has it still, nobody can say.</summary>
    public void Dispose()
    {
        if (!client.IsWriting)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    private void Add(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(buffer.AsSpan(length));
        length += bytes.Length;
    }
}
