using System.IO.Pipelines;

namespace SseFunctions.Streaming;

/// <summary>
/// Writes to one client, and cuts it off when it takes no bytes for too long. A slow reader is held back by its socket:
/// nothing is queued for it here.
/// </summary>
internal sealed class ClientWriter : IDisposable
{
    /// <summary>Bytes handed to the socket at a time: to take these is a slow client's progress. Only a frame that is larger needs several.</summary>
    private const int MaxWriteBytes = 64 * 1024;

    /// <summary>What a client that takes no bytes gets when the host stops.</summary>
    private static readonly TimeSpan StoppingTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Timers count whole milliseconds.</summary>
    private static readonly TimeSpan TimerResolution = TimeSpan.FromMilliseconds(1);

    private const long NoDeadline = long.MaxValue;

    private readonly PipeWriter output;
    private readonly TimeSpan timeout;
    private readonly TimeSpan limit;
    private readonly TimeProvider time;
    private readonly CancellationToken hostStopping;
    private readonly Action abort;
    private readonly CancellationToken clientLeft;
    private readonly long start;
    private bool isTooSlow;

    /// <summary>What only a client needs that does not take a write at once: most never do.</summary>
    private ITimer? timer;
    private CancellationTokenRegistration onHostStopping;

    /// <summary>When the write under way must have ended, in ticks after the start.</summary>
    private long deadlineTicks = NoDeadline;

    /// <summary>A push that the client has not taken at once; null when there is none.</summary>
    private Task<FlushResult>? pendingPush;

    /// <param name="output">The response's body.</param>
    /// <param name="abort">Cuts the connection off, and with it the write under way.</param>
    /// <param name="timeout">How long the client may take no bytes (Stream__WriteTimeout).</param>
    /// <param name="limit">No write lasts for longer than this from now, whatever its timeout.</param>
    /// <param name="time">The clock.</param>
    /// <param name="clientLeft">Cuts the write under way; an abort cancels it as well.</param>
    /// <param name="hostStopping">Shortens the timeout.</param>
    public ClientWriter(
        PipeWriter output, Action abort, TimeSpan timeout, TimeSpan limit, TimeProvider time, CancellationToken clientLeft, CancellationToken hostStopping)
    {
        (this.output, this.abort, this.timeout, this.limit, this.time) = (output, abort, timeout, limit, time);
        (this.clientLeft, this.hostStopping) = (clientLeft, hostStopping);
        start = time.GetTimestamp();
    }

    /// <summary>Whether the client was cut off because it took no bytes for too long.</summary>
    public bool IsTooSlow => Volatile.Read(ref isTooSlow);

    /// <summary>Whether the client was cut off or has left.</summary>
    public bool IsCut => clientLeft.IsCancellationRequested || IsTooSlow;

    /// <summary>Whether nobody reads the output any more.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Whether a frame may have been written in part: nothing can follow it then.</summary>
    public bool IsWriting { get; private set; }

    /// <summary>Where pushes can be sent to as they are, past the web server's layers, which cost as much as all else but the send itself.</summary>
    public SocketOutput? Direct { get; set; }

    /// <summary>When something was written last, after the start.</summary>
    public TimeSpan LastWrite { get; private set; }

    private TimeSpan Elapsed => time.GetElapsedTime(start);

    /// <summary>Whether these frames are few enough to be written in one go.</summary>
    public static bool CanPush(ReadOnlyMemory<byte> frames) => frames.Length <= MaxWriteBytes;

    /// <summary>
    /// Writes without waiting, as far as the client takes it at once; whoever waits next for this client awaits
    /// <see cref="FinishPushAsync"/> first. What goes wrong in writing is told there.
    /// </summary>
    /// <param name="frames">The frames.</param>
    /// <param name="chunk">The same as a chunk of an HTTP response, RFC 9112 section 7.1.</param>
    /// <returns>Whether all is done.</returns>
    public bool TryPush(ReadOnlyMemory<byte> frames, ReadOnlyMemory<byte> chunk)
    {
        if (Direct is not null)
        {
            LastWrite = Elapsed;
            if (Direct.TrySend(chunk.Span))
                return true;

            frames = ReadOnlyMemory<byte>.Empty; // a flush sends the rest
        }

        var write = BeginWrite(frames);
        if (write.IsCompletedSuccessfully)
        {
            EndWrite(write.Result);
            return !IsClosed;
        }

        pendingPush = write.AsTask();
        return false;
    }

    /// <summary>Waits until the client has taken what was pushed.</summary>
    /// <exception cref="OperationCanceledException">The client was cut off or has left.</exception>
    public async ValueTask FinishPushAsync()
    {
        if (pendingPush is not { } push)
            return;

        pendingPush = null;
        EndWrite(await push);
    }

    /// <exception cref="OperationCanceledException">The client was cut off or has left.</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> frames)
    {
        while (!frames.IsEmpty)
        {
            var chunk = frames[..Math.Min(frames.Length, MaxWriteBytes)];
            frames = frames[chunk.Length..];
            EndWrite(await BeginWrite(chunk));
            IsWriting = !frames.IsEmpty;
        }
    }

    public void Dispose()
    {
        onHostStopping.Dispose();
        timer?.Dispose();
    }

    private ValueTask<FlushResult> BeginWrite(ReadOnlyMemory<byte> chunk)
    {
        LastWrite = Elapsed;
        IsWriting = true;
        ValueTask<FlushResult> write;
        try
        {
            write = chunk.IsEmpty ? output.FlushAsync(clientLeft) : output.WriteAsync(chunk, clientLeft);
        }
        catch (Exception fault)
        {
            return ValueTask.FromException<FlushResult>(fault);
        }

        if (!write.IsCompleted)
        {
            timer ??= time.CreateTimer(static writer => ((ClientWriter)writer!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Allow(timeout);
            onHostStopping.Dispose();
            onHostStopping = hostStopping.UnsafeRegister(static writer => ((ClientWriter)writer!).OnHostStopping(), this); // at once, when it is stopping already
        }

        return write;
    }

    private void EndWrite(FlushResult result)
    {
        IsClosed = result.IsCompleted;
        IsWriting = false;
        Volatile.Write(ref deadlineTicks, NoDeadline);
    }

    /// <summary>Gives the write under way so long.</summary>
    private void Allow(TimeSpan duration)
    {
        var left = limit - Elapsed;
        var allowed = left < duration ? left : duration;
        allowed = allowed > TimeSpan.Zero ? allowed : TimeSpan.Zero;
        Volatile.Write(ref deadlineTicks, (Elapsed + allowed).Ticks);
        timer!.Change(allowed, Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        var deadline = Volatile.Read(ref deadlineTicks);
        if (deadline == NoDeadline)
            return;

        var left = TimeSpan.FromTicks(deadline) - Elapsed;
        if (left > TimeSpan.Zero)
            timer!.Change(left + TimerResolution, Timeout.InfiniteTimeSpan); // timers may fire some milliseconds early
        else
            CutOff();
    }

    private void CutOff()
    {
        Volatile.Write(ref isTooSlow, true);
        abort();
    }

    private void OnHostStopping()
    {
        if (Volatile.Read(ref deadlineTicks) != NoDeadline)
            Allow(StoppingTimeout);
    }
}
