using System.IO.Pipelines;
using System.Runtime.ExceptionServices;

namespace SseFunctions.Streaming;

/// <summary>
/// Writes to one client, one writer at a time: whoever holds its lock. The stream holds it except while it waits
/// with all there is; then the feed's push loop may take it, event by event, and never waits for it. A slow reader is held
/// back by its socket: nothing is queued for it here.
/// </summary>
/// <param name="output">The response's body.</param>
/// <param name="connection">Takes finished chunks of the same response; null where all goes through the body.</param>
internal sealed class ClientWriter(PipeWriter output, WriteDeadline deadline, StreamClock clock, CancellationToken clientLeft, PipeWriter? connection = null) : IDisposable
{
    /// <summary>Bytes handed over at a time. With a chunk's size around it, a copy of it needs a pooled array of 16 KiB.</summary>
    public const int MaxWriteBytes = (16 * 1024) - 64;

    /// <summary>
    /// The lock: who has it, and the stream when it waits for it. The stream has it first. A number instead of a SemaphoreSlim, since a
    /// push takes and releases it for each event and client: that is 6 % of what a delivered event costs.
    /// </summary>
    private int holders = 1;

    /// <summary>Completes for the stream that waits, once the lock is its own; null until it has had to wait.</summary>
    private TaskCompletionSource? released;

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

    /// <summary>Takes the lock if it is free, and no push has failed: nothing may follow then.</summary>
    public bool TryEnter() => pushException is null && Interlocked.CompareExchange(ref holders, 1, 0) == 0;

    /// <summary>Takes the lock, once the client has taken what was pushed. For the stream.</summary>
    /// <exception cref="OperationCanceledException">The client was cut off or has left.</exception>
    /// <exception cref="Exception">Any other exception of a push. The lock is taken then, too.</exception>
    public async ValueTask EnterAsync()
    {
        if (Interlocked.CompareExchange(ref holders, 1, 0) != 0)
        {
            released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (Interlocked.Increment(ref holders) > 1)
                await released.Task;
        }

        if (pushException is { } ex)
            ExceptionDispatchInfo.Throw(ex);
    }

    public void Exit()
    {
        if (Interlocked.Decrement(ref holders) > 0)
            released!.SetResult();
    }

    /// <summary>Keeps the exception of a push for the stream, which ends by it, and releases the lock.</summary>
    public void Fail(Exception ex)
    {
        pushException = ex;
        Exit();
    }

    /// <summary>Writes without waiting, and releases the lock once the client has taken all. It never throws: see <see cref="EnterAsync"/>.</summary>
    /// <param name="stream">Set when the stream must look at the result.</param>
    public void Push(FrameSlice slice, AsyncAutoResetEvent stream)
    {
        var write = connection is null || slice.Chunk.IsEmpty ? WriteAsync(slice.Bytes) : WriteAsync(connection, slice.Chunk);
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

        return WriteAsync(output, frames);
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

    private ValueTask WriteAsync(PipeWriter writer, ReadOnlyMemory<byte> bytes)
    {
        var write = BeginWrite(writer, bytes);
        if (!write.IsCompletedSuccessfully)
            return EndWriteAsync(write);

        EndWrite(write.Result);
        return default;
    }

    private ValueTask<FlushResult> BeginWrite(PipeWriter writer, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            LastWrite = clock.Elapsed;
            IsWriting = true;
            var write = writer.WriteAsync(bytes, clientLeft);
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
