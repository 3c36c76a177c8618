using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SseFunctions.EndToEnd.Support;

/// <summary>A TCP proxy before a host, in which a test resets connections, at a byte that it chooses, and sees what was answered.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Uri destination;
    private readonly IReadOnlyList<int>? segments;
    private readonly Task accepting;
    private readonly Lock gate = new();
    private readonly List<(Socket Client, Socket Host)> connections = [];
    private readonly List<MemoryStream> answers = [];
    private bool isDown;

    private CuttingProxy(Uri destination, IReadOnlyList<int>? segments)
    {
        (this.destination, this.segments) = (destination, segments);
        listener.Start();
        BaseAddress = new UriBuilder(destination) { Host = "127.0.0.1", Port = ((IPEndPoint)listener.LocalEndpoint).Port }.Uri;
        accepting = Task.Run(AcceptAsync);
    }

    /// <summary>What the destination's base address is behind the proxy.</summary>
    public Uri BaseAddress { get; }

    /// <summary>
    /// At which byte of what has come on a connection to reset it, at once; null for not yet. It holds for one connection,
    /// and null for none.
    /// </summary>
    public Func<string, int?>? CutAt { get; set; }

    /// <summary>All that was answered on all connections, in the order in which they were made; a byte is a character.</summary>
    public string Answered
    {
        get
        {
            lock (gate)
                return string.Concat(answers.Select(answer => Encoding.Latin1.GetString(answer.ToArray())));
        }
    }

    /// <param name="destination">The root of the API behind it.</param>
    /// <param name="segments">The sizes in bytes of the pieces in which it sends the answers, over and over; null for what comes.</param>
    public static CuttingProxy Start(Uri destination, IReadOnlyList<int>? segments = null) => new(destination, segments);

    /// <summary>Resets all connections, and those to come, until <see cref="ComeBack"/>.</summary>
    public void GoDown()
    {
        lock (gate)
        {
            isDown = true;
            foreach (var (client, host) in connections)
                Reset(client, host);
        }
    }

    public void ComeBack()
    {
        lock (gate)
            isDown = false;
    }

    public async ValueTask DisposeAsync()
    {
        GoDown();
        listener.Dispose();
        await accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await listener.AcceptSocketAsync());
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The proxy ends.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        var host = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        var answer = new MemoryStream();
        lock (gate)
        {
            connections.Add((client, host));
            answers.Add(answer);
            if (isDown)
                Reset(client, host);
        }

        try
        {
            await host.ConnectAsync(destination.Host, destination.Port);
            var asking = PassAsync(client, host, null);
            await PassAsync(host, client, answer);
            await asking;
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // Reset, or the host is not there.
        }

        Reset(client, host);
    }

    private async Task PassAsync(Socket from, Socket to, MemoryStream? answer)
    {
        try
        {
            var (buffer, turn) = (new byte[64 * 1024], 0);
            while (await from.ReceiveAsync(buffer, SocketFlags.None) is > 0 and var read)
            {
                var passed = answer is null ? read : Note(answer, buffer.AsSpan(0, read));
                for (var sent = 0; sent < passed;)
                {
                    var size = answer is null || segments is null ? passed : segments[turn++ % segments.Count];
                    sent += await to.SendAsync(buffer.AsMemory(sent, Math.Min(size, passed - sent)), SocketFlags.None);
                }

                if (passed < read)
                    throw new SocketException((int)SocketError.ConnectionReset);
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            Reset(from, to);
        }
    }

    /// <returns>How many of the bytes to pass on.</returns>
    private int Note(MemoryStream answer, ReadOnlySpan<byte> bytes)
    {
        lock (gate)
        {
            var before = (int)answer.Length;
            answer.Write(bytes);
            if (CutAt?.Invoke(Encoding.Latin1.GetString(answer.ToArray())) is not { } cut)
                return bytes.Length;

            CutAt = null;
            answer.SetLength(cut);
            return cut - before;
        }
    }

    private static void Reset(params ReadOnlySpan<Socket> sockets)
    {
        foreach (var socket in sockets)
        {
            try
            {
                socket.LingerState = new LingerOption(true, 0);
                socket.Close();
            }
            catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
            {
                // It is gone already.
            }
        }
    }
}
