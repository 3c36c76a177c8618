using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace SseFunctions.Kestrel;

/// <summary>
/// How many of a connection's bytes the client's TCP has acknowledged. Nothing else shows a slow client's
/// progress: a socket with a full buffer takes more only when a third of it is free.
/// </summary>
internal static class AcknowledgedBytes
{
    /// <summary>IPPROTO_TCP and TCP_INFO of Linux, and where struct tcp_info of linux/tcp.h has tcpi_bytes_acked, 64 bits.</summary>
    private const int TcpLevel = 6;
    private const int TcpInfo = 11;
    private const int BytesAckedOffset = 120;
    private const int InfoLength = BytesAckedOffset + sizeof(long);

    /// <returns>Reads the number for the request's connection; null where the system cannot say.</returns>
    public static Func<long>? From(HttpContext context) =>
        OperatingSystem.IsLinux() && context.Features.Get<IConnectionSocketFeature>() is { Socket: var socket } ? socket.ReadAcknowledged : null;

    /// <returns>0 when the connection is gone, or is no TCP connection.</returns>
    public static long ReadAcknowledged(this Socket socket)
    {
        Span<byte> info = stackalloc byte[InfoLength];
        try
        {
            return socket.GetRawSocketOption(TcpLevel, TcpInfo, info) == InfoLength ? MemoryMarshal.Read<long>(info[BytesAckedOffset..]) : 0;
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
        {
            return 0;
        }
    }
}
