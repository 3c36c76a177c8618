using System.IO.Pipelines;

namespace SseFunctions.Streaming;

/// <summary>
/// A long poll's answer until it is whole, since it has a length: what is written is kept as it is, and so the bytes that all readers
/// share are not copied. It has about one slice of events, or four where there is room for that.
/// </summary>
/// <param name="room">For the answers that have more than a slice.</param>
internal sealed class LongPollAnswer(FairGate room) : PipeWriter, IDisposable
{
    /// <summary>From here on it needs room: with what is added before it asks again, each answer may have less than two slices.</summary>
    private const int MinBytes = 32 * 1024;

    /// <summary>What an answer may have, about, where there is room.</summary>
    private const int MaxBytes = 256 * 1024;

    /// <summary>What all answers together may have beyond a slice each.</summary>
    public const int MaxSharedBytes = 64 * MaxBytes;

    private readonly Queue<ReadOnlyMemory<byte>> parts = new();
    private FairGate.Room? taken;

    /// <summary>Bytes of all that was written.</summary>
    public long Length { get; private set; }

    /// <summary>Takes room for more, where it has none. False when no more may be written.</summary>
    public bool TryMakeRoom() => Length < MinBytes || (Length < MaxBytes && (taken ??= room.TryEnter(MaxBytes)) is not null);

    /// <param name="source">Does not change any more.</param>
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        parts.Enqueue(source);
        Length += source.Length;
        return default;
    }

    /// <summary>Gives away what comes next, so that nothing is kept that the client has taken.</summary>
    public bool TryTake(out ReadOnlyMemory<byte> part) => parts.TryDequeue(out part);

    public void Dispose() => taken?.Dispose();

    public override void Advance(int bytes) => throw new NotSupportedException();

    public override Memory<byte> GetMemory(int sizeHint = 0) => throw new NotSupportedException();

    public override Span<byte> GetSpan(int sizeHint = 0) => throw new NotSupportedException();

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public override void CancelPendingFlush() => throw new NotSupportedException();

    public override void Complete(Exception? exception = null) => throw new NotSupportedException();
}
