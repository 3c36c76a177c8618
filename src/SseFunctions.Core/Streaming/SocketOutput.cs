using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
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

    /// <summary>Gives every connection of a server such an output.</summary>
    public static void UseOn(KestrelServerOptions server) => server.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => connection =>
    {
        if (connection.Features.Get<IConnectionSocketFeature>() is { Socket: var socket })
        {
            socket.Blocking = false;
            connection.Transport = new Duplex(connection.Transport.Input, new SocketOutput(socket, connection.Transport.Output));
        }

        return next(connection);
    }));

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
        var sent = 0;
        while (sent < length && !isClosed)
        {
            sent += socket.Send(buffer.AsSpan(sent, length - sent), SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
                return SendRestAsync(sent, cancellationToken);

            isClosed = error != SocketError.Success;
        }

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
            isCanceled = true;
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            isClosed = true; // Kestrel's reading side tells why
        }

        lock (gate)
        {
            pendingFlush = null;
            if (isCanceled && !isClosed)
            {
                buffer.AsSpan(sent, length - sent).CopyTo(buffer); // the next flush goes on from there
                length -= sent;
            }
            else
            {
                LetGo();
            }
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
