using System.Net;
using System.Net.Sockets;

namespace SseFunctions.EndToEnd.UnderFire;

/// <summary>A client's connection through a <see cref="CutProxy"/>.</summary>
internal sealed class CutConnection(Socket client) : IDisposable
{
    /// <summary>Small, here and in the sockets: a client that reads slowly is to hold up the host, not this proxy.</summary>
    private const int BufferBytes = 4096;

    private readonly Socket host = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = BufferBytes };
    private readonly long[] left = [long.MaxValue, long.MaxValue];
    private int isCut;

    /// <summary>Whether it was broken, rather than ended by client or host.</summary>
    public bool IsCut => Volatile.Read(ref isCut) != 0;

    /// <param name="port">The host's.</param>
    public async Task RunAsync(int port)
    {
        try
        {
            client.NoDelay = true;
            await host.ConnectAsync(IPAddress.Loopback, port);
            await Task.WhenAll(PumpAsync(client, host, isRequest: true), PumpAsync(host, client, isRequest: false));
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // Broken here or at either end.
        }

        Dispose();
    }

    /// <summary>Breaks it when so many bytes more have passed in one direction.</summary>
    public void CutAfter(int bytes, bool isRequest) => Volatile.Write(ref left[isRequest ? 1 : 0], bytes);

    /// <summary>Breaks it now, on both sides. What has been passed on to a socket may be lost with it.</summary>
    public void Dispose()
    {
        foreach (var socket in (Socket[])[client, host])
        {
            try
            {
                socket.LingerState = new LingerOption(true, 0);
            }
            catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
            {
                // It is closed already.
            }

            socket.Dispose();
        }
    }

    private async Task PumpAsync(Socket from, Socket to, bool isRequest)
    {
        try
        {
            var buffer = new byte[BufferBytes];
            while (await from.ReceiveAsync(buffer) is > 0 and var read)
            {
                var rest = Volatile.Read(ref left[isRequest ? 1 : 0]);
                for (var sent = 0L; sent < Math.Min(read, rest);)
                    sent += await to.SendAsync(buffer.AsMemory((int)sent..(int)Math.Min(read, rest)));

                if (rest <= read)
                {
                    Interlocked.Exchange(ref isCut, 1);
                    Dispose();
                    return;
                }

                // Unless a cut has been set meanwhile.
                if (rest != long.MaxValue)
                    Interlocked.CompareExchange(ref left[isRequest ? 1 : 0], rest - read, rest);
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            Dispose();
        }
    }
}
