using System.Net.Sockets;

namespace SseFunctions.EndToEnd.Support;

/// <summary>A client's connection through a <see cref="CuttingProxy"/>.</summary>
/// <param name="client">The client's side.</param>
/// <param name="bufferBytes">Small, here and in the socket, where a client that reads slowly is to hold up the host and not the proxy.</param>
/// <param name="segments">The sizes in bytes of the pieces in which it sends the answers, over and over; null for what comes.</param>
internal sealed class CuttingConnection(Socket client, int bufferBytes, IReadOnlyList<int>? segments) : IDisposable
{
    private readonly Socket host = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = bufferBytes };
    private readonly long[] left = [long.MaxValue, long.MaxValue];
    private int isCut;

    /// <summary>Whether it was broken, rather than ended by client or host.</summary>
    public bool IsCut => Volatile.Read(ref isCut) != 0;

    /// <summary>Whether it is to be broken after some bytes more.</summary>
    public bool WillBeCut => Array.Exists(left, bytes => bytes != long.MaxValue);

    /// <param name="destination">The host.</param>
    /// <param name="see">Sees what comes, and whether from the client; returns after how many of these bytes to break the connection.</param>
    public async Task RunAsync(Uri destination, Func<byte[], bool, int?> see)
    {
        try
        {
            client.NoDelay = true;
            await host.ConnectAsync(destination.Host, destination.Port);
            await Task.WhenAll(PumpAsync(client, host, isRequest: true), PumpAsync(host, client, isRequest: false));
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
        {
            // Broken here or at either end.
        }

        Dispose();

        async Task PumpAsync(Socket from, Socket to, bool isRequest)
        {
            try
            {
                var (buffer, turn) = (new byte[bufferBytes], 0);
                while (await from.ReceiveAsync(buffer) is > 0 and var read)
                {
                    var rest = Volatile.Read(ref left[isRequest ? 1 : 0]);
                    var end = Math.Min(see(buffer[..read], isRequest) ?? long.MaxValue, rest);
                    for (var sent = 0; sent < Math.Min(read, end);)
                    {
                        var size = isRequest || segments is null ? read : segments[turn++ % segments.Count];
                        sent += await to.SendAsync(buffer.AsMemory(sent, Math.Min(size, (int)Math.Min(read, end) - sent)));
                    }

                    if (end <= read)
                    {
                        Cut();
                        return;
                    }

                    // Unless a cut has been set meanwhile.
                    if (rest != long.MaxValue)
                        Interlocked.CompareExchange(ref left[isRequest ? 1 : 0], rest - read, rest);
                }

                to.Shutdown(SocketShutdown.Send);
            }
            catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
            {
                Dispose();
            }
        }
    }

    /// <summary>Breaks it when so many bytes more have passed in one direction.</summary>
    public void CutAfter(int bytes, bool isRequest) => Volatile.Write(ref left[isRequest ? 1 : 0], bytes);

    /// <summary>Breaks it now, on both sides. What has been passed on to a socket may be lost with it.</summary>
    public void Cut()
    {
        Interlocked.Exchange(ref isCut, 1);
        Dispose();
    }

    public void Dispose()
    {
        foreach (var socket in (Socket[])[client, host])
        {
            try
            {
                socket.LingerState = new LingerOption(true, 0);
            }
            catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
            {
                // It is closed already.
            }

            socket.Dispose();
        }
    }
}
