using System.Net.Sockets;
using System.Text;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Hostile;

/// <summary>One of many clients: a socket and no more, so that thousands cost the test next to nothing.</summary>
internal sealed class CrowdClient : IDisposable
{
    /// <summary>Small, so that what a client does not read stays with the host.</summary>
    private const int ReceiveBufferBytes = 4096;

    /// <summary>Small, so that what the host does not take stays with the client.</summary>
    private const int SendBufferBytes = 64 * 1024;

    private const int MaxHeadBytes = 1024;
    private const string EndOfHead = "\r\n\r\n";

    private readonly Socket socket;
    private volatile bool hasSentAll;

    private CrowdClient(Socket socket) => this.socket = socket;

    /// <summary>Whether the host has ended the answer with the connection: it keeps only the connections of those that it keeps.</summary>
    public bool IsTurnedAway { get; private set; }

    /// <summary>Whether the host has taken all that was sent after the request.</summary>
    public bool HasSentAll => hasSentAll;

    /// <summary>Asks, and waits until the answer's head is there or the connection is closed without one.</summary>
    /// <param name="headers">Lines of the request, each with its end.</param>
    /// <param name="more">What is sent after the request, and may never arrive.</param>
    /// <returns>Null when the host refused the connection.</returns>
    public static async Task<CrowdClient?> OpenAsync(Uri baseAddress, string path, string headers = "", byte[]? more = null)
    {
        var uri = new Uri(baseAddress, path);
        var client = new CrowdClient(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveBufferSize = ReceiveBufferBytes,
            SendBufferSize = SendBufferBytes,
        });
        try
        {
            await client.socket.ConnectAsync(uri.Host, uri.Port);
            await client.socket.SendAsync(Encoding.ASCII.GetBytes($"GET {uri.PathAndQuery} HTTP/1.1\r\nHost: {uri.Authority}\r\n{headers}\r\n"));
            if (more is not null)
                _ = client.SendAsync(more);

            if (await client.PeekHeadAsync().WaitAsync(SseStream.Timeout) is { } head)
            {
                client.IsTurnedAway = head.Contains("\r\nConnection: close\r\n", StringComparison.OrdinalIgnoreCase);
                return client;
            }
        }
        catch (SocketException)
        {
            // Reset: a connection too many.
        }

        client.Dispose();
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

    /// <summary>Reads until the host closes the connection.</summary>
    /// <returns>The answer, as it is on the wire.</returns>
    public async Task<string> ReadToEndAsync()
    {
        using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream, Encoding.ASCII);
        return await reader.ReadToEndAsync().WaitAsync(SseStream.Timeout);
    }

    public void Dispose() => socket.Dispose();

    /// <returns>Null when the connection is closed before.</returns>
    private async Task<string?> PeekHeadAsync()
    {
        var buffer = new byte[MaxHeadBytes];
        while (await socket.ReceiveAsync(buffer, SocketFlags.Peek) is > 0 and var received)
        {
            if (Encoding.ASCII.GetString(buffer, 0, received).Split(EndOfHead) is [var head, _, ..])
                return head + "\r\n";

            await Task.Yield(); // the rest is on its way
        }

        return null;
    }

    private async Task SendAsync(byte[] bytes)
    {
        try
        {
            for (var sent = 0; sent < bytes.Length;)
                sent += await socket.SendAsync(bytes.AsMemory(sent));

            hasSentAll = true;
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
        {
            // The host has taken what it takes.
        }
    }
}
