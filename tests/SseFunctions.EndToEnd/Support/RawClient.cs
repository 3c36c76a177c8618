using System.Net.Sockets;
using System.Text;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Support;

/// <summary>A client that asks for a stream and takes no bytes of the answer.</summary>
internal sealed class RawClient : IDisposable
{
    /// <summary>Small, so that the host's writes soon have nowhere to go.</summary>
    private const int ReceiveBufferBytes = 4096;

    private readonly Socket socket;

    private RawClient(Socket socket) => this.socket = socket;

    /// <summary>Asks, and waits until the answer has begun.</summary>
    public static async Task<RawClient> OpenAsync(Uri baseAddress, string path)
    {
        var uri = new Uri(baseAddress, path);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = ReceiveBufferBytes };
        await socket.ConnectAsync(uri.Host, uri.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {uri.PathAndQuery} HTTP/1.1\r\nHost: {uri.Authority}\r\n\r\n"));
        Assert.NotEqual(0, await socket.ReceiveAsync(new byte[1], SocketFlags.Peek).WaitAsync(SseStream.Timeout));
        return new RawClient(socket);
    }

    /// <summary>Resets the connection.</summary>
    public void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    public void Dispose() => socket.Dispose();
}
