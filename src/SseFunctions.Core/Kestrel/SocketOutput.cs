using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace SseFunctions.Kestrel;

/// <summary>
/// A connection's output that gives its bytes to the socket when it is flushed, on the thread that flushes. Kestrel's own
/// output goes through a pipe and a second task.
/// </summary>
/// <remarks>
/// As with every PipeWriter, one caller at a time writes and flushes. Kestrel ensures that: for HTTP/1.1 its Http1OutputProducer puts a
/// ConcurrentPipeWriter in front of a connection's output, which keeps back what is written while a flush is under way, and HTTP/2
/// and TLS have one writer each. A stream that writes <see cref="ForChunks">chunks</see> does it under its client's lock, which it
/// also holds whenever it writes through Kestrel. Complete and CancelPendingFlush may come from other threads at any time, and so they
/// touch no buffer: only a flush gives a buffer back to the pool.
/// </remarks>
/// <param name="socket">The connection's socket, non-blocking.</param>
/// <param name="inner">The output that this one replaces; nothing is written to it, and its completion ends the connection.</param>
internal sealed class SocketOutput(Socket socket, PipeWriter inner) : PipeWriter
{
    private const int MinBuffer = 4096;

    private readonly Lock gate = new();
    private byte[] buffer = [];
    private int length;

    /// <summary>Set once and never back: nothing is sent any more.</summary>
    private volatile bool isClosed;

    /// <summary>Guarded by the gate.</summary>
    private CancellationTokenSource? pendingFlush;

    /// <summary>
    /// Where the rest of a response may be written past Kestrel's HTTP layer, as finished chunks. To be called after StartAsync; the first
    /// chunk may follow once something was written and flushed through the body, and each write waits until the one before is flushed.
    /// </summary>
    /// <returns>Null where Kestrel or something before it has more to do than to put chunks around the bytes: HTTP/1.0 and 2, TLS, compression.</returns>
    public static PipeWriter? ForChunks(HttpContext context) =>
        context.Response.HasStarted
        && HttpProtocol.IsHttp11(context.Request.Protocol)
        && context.Response.Headers.TransferEncoding == "chunked"
        && ReferenceEquals(context.Features.Get<IHttpResponseBodyFeature>(), context.Features.Get<IHttpRequestFeature>()) // both are Kestrel's own then
            ? context.Features.Get<IConnectionTransportFeature>()?.Transport.Output as SocketOutput
            : null;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => length;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        var size = length + Math.Max(sizeHint, 1);
        if (buffer.Length < size)
            Grow(size);

        return buffer.AsMemory(length);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bytes, (uint)(buffer.Length - length), nameof(bytes));
        length += bytes;
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
        SendAsync(buffer.AsMemory(0, length), cancellationToken);

    /// <summary>Sends from where the bytes are, without a copy, unless some that came before wait for a flush.</summary>
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) =>
        length == 0 ? SendAsync(source, cancellationToken) : base.WriteAsync(source, cancellationToken);

    public override void CancelPendingFlush()
    {
        lock (gate)
            pendingFlush?.Cancel();
    }

    /// <summary>What was not flushed is left to the garbage collector, since its writer may still be at work on it.</summary>
    public override void Complete(Exception? exception = null)
    {
        isClosed = true;
        inner.Complete(exception);
    }

    private ValueTask<FlushResult> SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var sent = bytes.Length > 0 && !isClosed ? Send(bytes.Span) : 0;
        if (sent < bytes.Length && !isClosed)
            return SendRestAsync(bytes[sent..], cancellationToken);

        ReleaseBuffer();
        return new(new FlushResult(isCanceled: false, isCompleted: isClosed));
    }

    /// <returns>How many bytes the socket has taken.</returns>
    private int Send(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var sent = socket.Send(bytes, SocketFlags.None, out var error);
            if (error is SocketError.Success or SocketError.WouldBlock)
                return sent;
        }
        catch (ObjectDisposedException)
        {
            // Kestrel has aborted the connection.
        }

        Close();
        return 0;
    }

    private async ValueTask<FlushResult> SendRestAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        lock (gate)
            pendingFlush = cancel;

        var isCanceled = false;
        try
        {
            while (!bytes.IsEmpty)
                bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, cancel.Token)..];
        }
        catch (OperationCanceledException)
        {
            isCanceled = true; // how much of it was sent is not known: nothing may follow
            Close();
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
        {
            Close(); // Kestrel's reading side reports why
        }
        catch
        {
            Close(); // nothing may follow what was sent in part
            throw;
        }

        lock (gate)
            pendingFlush = null;

        ReleaseBuffer();
        cancellationToken.ThrowIfCancellationRequested();
        return new FlushResult(isCanceled, isClosed);
    }

    /// <summary>Ends the connection for the client as well, which would otherwise wait for the rest of what was sent in part.</summary>
    private void Close()
    {
        isClosed = true;
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
        {
            // It is closed already.
        }
    }

    private void Grow(int size)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(size, MinBuffer));
        buffer.AsSpan(0, length).CopyTo(larger);
        ReturnBuffer();
        buffer = larger;
    }

    /// <summary>A connection that waits holds no buffer.</summary>
    private void ReleaseBuffer()
    {
        ReturnBuffer();
        (buffer, length) = ([], 0);
    }

    private void ReturnBuffer()
    {
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
    }
}
