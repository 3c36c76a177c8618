using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace SseFunctions.Kestrel;

/// <summary>What Kestrel's connections are like in both hosts: how many, how they send, and how much each may hold in memory.</summary>
internal static class SocketConnections
{
    /// <summary>What the kernel holds back for a client that reads slowly, in bytes; Linux doubles it for its own bookkeeping.</summary>
    public const int SendBufferSize = 64 * 1024;

    /// <summary>What is read ahead of a client that sends more than its request, in bytes; Kestrel's default is 1 MiB.</summary>
    public const int ReadBufferSize = 64 * 1024;

    /// <summary>Connections for everything that is not a stream: publishing, history, health.</summary>
    private const int OtherConnections = 500;

    /// <summary>Connections too many that are being closed at a time: each has a descriptor until it is. Others wait before they are accepted.</summary>
    private const int ClosingConnections = 100;

    /// <summary>Descriptors that clients may not take: the host itself has some 250 open, and its connections to storage are 100.</summary>
    private const int OwnDescriptors = 250 + 100 + ClosingConnections;

    /// <summary>The share of few descriptors that clients may take all the same.</summary>
    private const double MinDescriptorShare = 0.1;

    /// <param name="openStreams">How many streams may be open.</param>
    /// <param name="sendsPastPipe">Whether bytes go to the socket on the thread that writes (Stream__SendsPastPipe).</param>
    public static void Configure(KestrelServerOptions server, int openStreams, bool sendsPastPipe)
    {
        server.Limits.MaxConcurrentConnections = MaxConnections(openStreams, FileDescriptors.Limit);
        server.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => connection =>
        {
            if (connection.Features.Get<IConnectionSocketFeature>() is { Socket: var socket })
            {
                socket.SendBufferSize = SendBufferSize;
                if (sendsPastPipe)
                    SendPastPipe(connection, socket);
            }

            return next(connection);
        }));
    }

    /// <param name="maxConnections">Connections that are not too many; null for no bound.</param>
    public static BoundedListenerFactory Bound(SocketTransportFactory listeners, long? maxConnections) => new(listeners, maxConnections + ClosingConnections);

    public static void Configure(SocketTransportOptions transport) => transport.MaxReadBufferSize = ReadBufferSize;

    /// <summary>
    /// Connections at a time; those beyond are closed at once, after which an EventSource comes back. Out of descriptors, the
    /// runtime would end the process.
    /// </summary>
    /// <param name="openStreams">How many streams may be open.</param>
    /// <param name="descriptors">How many descriptors the process may have; null when that is not known.</param>
    public static long MaxConnections(int openStreams, long? descriptors)
    {
        var wanted = (long)openStreams + OtherConnections;
        return descriptors is { } limit ? Math.Max(1, Math.Min(wanted, Math.Max(limit - OwnDescriptors, (long)(limit * MinDescriptorShare)))) : wanted;
    }

    private static void SendPastPipe(ConnectionContext connection, Socket socket)
    {
        socket.Blocking = false;
        connection.Transport = new Duplex(connection.Transport.Input, new SocketOutput(socket, connection.Transport.Output));
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
