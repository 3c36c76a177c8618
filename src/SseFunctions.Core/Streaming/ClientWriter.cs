using System.IO.Pipelines;
using System.Runtime.ExceptionServices;

namespace SseFunctions.Streaming;

/// <summary>
/// Writes to one client, one writer at a time: whoever holds its lock. The stream holds it except while it waits
/// with all there is; then the feed's push loop may take it, event by event, and never waits for it. A slow reader is held
/// back by its socket: nothing is queued for it here.
/// </summary>
internal sealed class ClientWriter(PipeWriter output, WriteDeadline deadline, StreamClock clock, CancellationToken clientLeft) : IDisposable
{
    /// <summary>Bytes handed over at a time. With a chunk's size around it, a copy of it needs a pooled array of 16 KiB.</summary>
    public const int MaxWriteBytes = (16 * 1024) - 64;

    /// <summary>The stream has it first.</summary>
    private readonly SemaphoreSlim writeLock = new(0, 1);

    /// <summary>The exception of a push that failed, for the stream.</summary>
    private Exception? pushException;

    /// <summary>The answer that is kept until it is whole; null when the client gets what is written.</summary>
    public LongPollAnswer? Answer { get; } = output as LongPollAnswer;

    /// <summary>Whether the client was cut off because it took no bytes for too long.</summary>
    public bool IsTooSlow => deadline.HasPassed;

    /// <summary>Whether the client was cut off or has left.</summary>
    public bool IsCut => clientLeft.IsCancellationRequested || IsTooSlow;

    /// <summary>Whether nobody reads the output any more.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Whether a frame may have been written in part: nothing can follow it then.</summary>
    public bool IsWriting { get; private set; }

    /// <summary>When something was written last.</summary>
    public TimeSpan LastWrite { get; private set; }

    /// <summary>Whether these frames are few enough to be pushed.</summary>
    public static bool CanPush(ReadOnlyMemory<byte> frames) => frames.Length <= FrameSlice.MaxBytes;

    /// <summary>Takes the lock if it is free.</summary>
    public bool TryEnter() => writeLock.Wait(0);

    /// <summary>Takes the lock, once the client has taken what was pushed. For the stream.</summary>
    /// <exception cref="OperationCanceledException">The client was cut off or has left.</exception>
    /// <exception cref="Exception">Any other exception of a push. The lock is taken then, too.</exception>
    public async ValueTask EnterAsync()
    {
        await writeLock.WaitAsync();
        if (pushException is { } ex)
            ExceptionDispatchInfo.Throw(ex);
    }

    public void Exit() => writeLock.Release();

    /// <summary>Keeps the exception of a push for the stream, which ends by it, and releases the lock.</summary>
    public void Fail(Exception ex)
    {
        pushException = ex;
        Exit();
    }

    /// <summary>Writes without waiting, and releases the lock once the client has taken all. It never throws: see <see cref="EnterAsync"/>.</summary>
    /// <param name="stream">Set when the stream must look at the result.</param>
    public void Push(ReadOnlyMemory<byte> frames, AsyncAutoResetEvent stream)
    {
        var write = WriteAsync(frames);
        if (!write.IsCompletedSuccessfully)
        {
            _ = CompletePushAsync(write, stream);
            return;
        }

        Exit();
        if (IsClosed)
            stream.Set();
    }

    /// <summary>Writes while holding the lock.</summary>
    /// <exception cref="OperationCanceledException">The client was cut off or has left.</exception>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> frames)
    {
        if (frames.IsEmpty)
            return default;

        if (frames.Length > MaxWriteBytes)
            return WritePartsAsync(frames);

        var write = BeginWrite(frames);
        if (!write.IsCompletedSuccessfully)
            return EndWriteAsync(write);

        EndWrite(write.Result);
        return default;
    }

    public void Dispose() => deadline.Dispose();

    private async Task CompletePushAsync(ValueTask write, AsyncAutoResetEvent stream)
    {
        try
        {
            await write;
        }
        catch (Exception ex)
        {
            pushException = ex;
        }

        Exit();
        stream.Set();
    }

    private async ValueTask WritePartsAsync(ReadOnlyMemory<byte> frames)
    {
        while (!frames.IsEmpty)
        {
            var part = frames[..Math.Min(frames.Length, MaxWriteBytes)];
            frames = frames[part.Length..];
            await WriteAsync(part);
            IsWriting = !frames.IsEmpty;
        }
    }

    private ValueTask<FlushResult> BeginWrite(ReadOnlyMemory<byte> frames)
    {
        try
        {
            LastWrite = clock.Elapsed;
            IsWriting = true;
            var write = output.WriteAsync(frames, clientLeft);
            if (!write.IsCompleted)
                deadline.Begin();

            return write;
        }
        catch (Exception ex)
        {
            return ValueTask.FromException<FlushResult>(ex);
        }
    }

    /// <summary>For a write that the client has not taken at once.</summary>
    private async ValueTask EndWriteAsync(ValueTask<FlushResult> write)
    {
        var result = await write;
        deadline.End();
        EndWrite(result);
    }

    private void EndWrite(FlushResult result)
    {
        IsClosed |= result.IsCompleted;
        IsWriting = false;
    }
}
