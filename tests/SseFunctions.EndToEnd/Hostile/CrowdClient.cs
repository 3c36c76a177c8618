using System.Net.Sockets;
using System.Text;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Hostile;

/// <summary>One of many clients: a socket and no more, so that thousands cost the test next to nothing.</summary>
internal sealed class CrowdClient : IDisposable
{
    /// <summary>Small, so that what a client does not read stays with the host.</summary>
    private const int ReceiveBufferBytes = 4096;

    private readonly Socket socket;

    private CrowdClient(Socket socket) => this.socket = socket;

    /// <summary>Asks, and waits until the answer begins or the connection is closed without one.</summary>
    /// <param name="headers">Lines of the request, each with its end.</param>
    /// <param name="more">What is sent after the request, and may never arrive.</param>
    /// <returns>Null when the host refused the connection.</returns>
    public static async Task<CrowdClient?> OpenAsync(Uri baseAddress, string path, string headers = "", byte[]? more = null)
    {
        var uri = new Uri(baseAddress, path);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = ReceiveBufferBytes };
        try
        {
            await socket.ConnectAsync(uri.Host, uri.Port);
            await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {uri.PathAndQuery} HTTP/1.1\r\nHost: {uri.Authority}\r\n{headers}\r\n"));
            if (more is not null)
                _ = SendAsync(socket, more);

            if (await socket.ReceiveAsync(new byte[1], SocketFlags.Peek).WaitAsync(SseStream.Timeout) != 0)
                return new CrowdClient(socket);
        }
        catch (SocketException)
        {
            // Reset: a connection too many.
        }

        socket.Dispose();
        return null;
    }

    /// <summary>Reads so many bytes of the answer, or to its end.</summary>
    /// <returns>How many bytes that was.</returns>
    public async Task<long> ReadAsync(long bytes)
    {
        var buffer = new byte[16 * 1024];
        var read = 0L;
        while (read < bytes && await socket.ReceiveAsync(buffer).WaitAsync(SseStream.Timeout) is var received && received > 0)
            read += received;

        return read;
    }

    public void Dispose() => socket.Dispose();

    private static async Task SendAsync(Socket socket, byte[] bytes)
    {
        try
        {
            await socket.SendAsync(bytes);
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
        {
            // The host has taken what it takes.
        }
    }
}
