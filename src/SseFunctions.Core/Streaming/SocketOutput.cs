using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace SseFunctions.Streaming;

/// <summary>
/// A connection's output that gives its bytes to the socket when it is flushed, on the thread that flushes. Kestrel's own
/// goes through a pipe and a second task, which for a small event costs about half as much again as the send itself.
/// </summary>
/// <remarks>One flush at a time, as for any PipeWriter; Kestrel holds back what is written during one.</remarks>
/// <param name="socket">The connection's socket, non-blocking.</param>
/// <param name="inner">The output in whose place this stands; nothing is written to it, and its completion ends the connection.</param>
internal sealed class SocketOutput(Socket socket, PipeWriter inner) : PipeWriter
{
    private const int LeastBuffer = 4096;

    private readonly Lock gate = new();
    private byte[] buffer = [];
    private int length;
    private bool isClosed;
    private CancellationTokenSource? pendingFlush;

    /// <summary>Gives every connection of a server such an output: of every endpoint that is added later, in place of other endpoint defaults.</summary>
    public static void UseOn(KestrelServerOptions server) => server.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => connection =>
    {
        if (connection.Features.Get<IConnectionSocketFeature>() is { Socket: var socket })
        {
            socket.Blocking = false;
            connection.Transport = new Duplex(connection.Transport.Input, new SocketOutput(socket, connection.Transport.Output));
        }

        return next(connection);
    }));

    /// <summary>
    /// The output of a response's connection, when what is written to it reaches the client as it is: the response has begun,
    /// in chunks, and nothing stands between it and the socket, such as TLS or a middleware that changes the body.
    /// </summary>
    public static SocketOutput? Of(HttpContext context) =>
        context.Response.HasStarted
        && context.Request.Protocol == "HTTP/1.1"
        && context.Response.Headers.TransferEncoding == "chunked"
        && ReferenceEquals(context.Features.Get<IHttpResponseBodyFeature>(), context.Features.Get<IHttpRequestFeature>())
            ? context.Features.Get<IConnectionTransportFeature>()?.Transport.Output as SocketOutput
            : null;

    /// <summary>
    /// Sends bytes past the server's own bookkeeping, between two of its flushes. What the socket does not take at once goes
    /// with the next flush, which must come before anything else is written.
    /// </summary>
    /// <returns>Whether the socket has taken all.</returns>
    public bool TrySend(ReadOnlySpan<byte> bytes)
    {
        var sent = length == 0 && !isClosed ? Send(bytes) : 0;
        if (sent == bytes.Length)
            return true;

        bytes[sent..].CopyTo(GetSpan(bytes.Length - sent));
        Advance(bytes.Length - sent);
        return false;
    }

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => length;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        var least = length + Math.Max(sizeHint, 1);
        if (buffer.Length < least)
            Grow(least);

        return buffer.AsMemory(length);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bytes, (uint)(buffer.Length - length), nameof(bytes));
        length += bytes;
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        var sent = length > 0 && !isClosed ? Send(buffer.AsSpan(0, length)) : 0;
        if (sent < length && !isClosed)
            return SendRestAsync(sent, cancellationToken);

        LetGo();
        return new(new FlushResult(isCanceled: false, isCompleted: isClosed));
    }

    public override void CancelPendingFlush()
    {
        lock (gate)
            pendingFlush?.Cancel();
    }

    public override void Complete(Exception? exception = null)
    {
        lock (gate)
        {
            isClosed = true;
            if (pendingFlush is null)
                LetGo(); // else the flush does, once the socket has let go of the buffer
        }

        inner.Complete(exception);
    }

    /// <returns>How many bytes the socket has taken.</returns>
    private int Send(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var sent = socket.Send(bytes, SocketFlags.None, out var error);
            isClosed = error is not (SocketError.Success or SocketError.WouldBlock);
            return isClosed ? 0 : sent;
        }
        catch (ObjectDisposedException)
        {
            isClosed = true; // Kestrel has aborted the connection
            return 0;
        }
    }

    private async ValueTask<FlushResult> SendRestAsync(int sent, CancellationToken cancellationToken)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        lock (gate)
            pendingFlush = cancel;

        var isCanceled = false;
        try
        {
            while (sent < length)
                sent += await socket.SendAsync(buffer.AsMemory(sent, length - sent), SocketFlags.None, cancel.Token);
        }
        catch (OperationCanceledException)
        {
            (isCanceled, isClosed) = (true, true); // how much of it was sent, nobody can say
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            isClosed = true; // Kestrel's reading side tells why
        }

        lock (gate)
        {
            pendingFlush = null;
            LetGo();
        }

        cancellationToken.ThrowIfCancellationRequested();
        return new FlushResult(isCanceled, isClosed);
    }

    private void Grow(int least)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(least, LeastBuffer));
        buffer.AsSpan(0, length).CopyTo(larger);
        Return();
        buffer = larger;
    }

    /// <summary>A connection that waits holds no buffer.</summary>
    private void LetGo()
    {
        Return();
        (buffer, length) = ([], 0);
    }

    private void Return()
    {
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
