using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SseFunctions.EndToEnd.Support;

/// <summary>
/// The network between clients and a host: passes bytes on, in both directions, breaks connections at any byte, and records what
/// was asked and answered.
/// </summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private const int BufferBytes = 64 * 1024;
    private const int SmallBufferBytes = 4096;

    /// <summary>About a round of events of a busy topic: some connections break in the next frame, some later.</summary>
    private const int MaxBytesToCut = 4096;

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<CuttingConnection, Task> connections = [];
    private readonly Uri destination;
    private readonly IReadOnlyList<int>? segments;
    private readonly bool isRecording;
    private readonly Task accepting;
    private readonly Lock gate = new();
    private readonly List<RecordedConnection> recorded = [];
    private readonly List<(RecordedConnection Connection, int Index)> requests = [];
    private int cuts;
    private bool isDown;

    private CuttingProxy(Uri destination, IReadOnlyList<int>? segments, bool isRecording)
    {
        (this.destination, this.segments, this.isRecording) = (destination, segments, isRecording);
        listener.Start();
        BaseAddress = new UriBuilder(destination) { Host = "127.0.0.1", Port = ((IPEndPoint)listener.LocalEndpoint).Port }.Uri;
        accepting = Task.Run(AcceptAsync);
    }

    /// <summary>What the destination's base address is when it is reached through the proxy.</summary>
    public Uri BaseAddress { get; }

    /// <summary>How many connections it has broken.</summary>
    public int Cuts => Volatile.Read(ref cuts);

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
                return string.Concat(recorded.Select(connection => connection.Answered));
        }
    }

    /// <summary>All requests without a body, in the order in which they came.</summary>
    public IReadOnlyList<RecordedRequest> Requests
    {
        get
        {
            lock (gate)
                return [.. requests.Select(request => request.Connection.Request(request.Index))];
        }
    }

    /// <param name="destination">The root of the API to forward to.</param>
    /// <param name="segments">The sizes in bytes of the pieces in which it sends the answers, over and over; null for what comes.</param>
    public static CuttingProxy Start(Uri destination, IReadOnlyList<int>? segments = null) => new(destination, segments, isRecording: true);

    /// <summary>One that keeps nothing of what passes, and holds little of it: a client that reads slowly holds up the host.</summary>
    public static CuttingProxy StartSmall(Uri destination) => new(destination, null, isRecording: false);

    /// <summary>Breaks some of the connections that there are now, each when some bytes more have passed.</summary>
    public void CutSome(int percent, Random random)
    {
        foreach (var connection in connections.Keys)
        {
            if (random.Next(100) < percent)
                connection.CutAfter(random.Next(MaxBytesToCut), isRequest: random.Next(4) == 0);
        }
    }

    /// <summary>Breaks at once each connection that is still to be broken: an idle one would break only when it is used again.</summary>
    public void CutRest()
    {
        foreach (var connection in connections.Keys)
        {
            if (connection.WillBeCut)
                connection.Cut();
        }
    }

    /// <summary>Resets all connections, and those to come, until <see cref="ComeBack"/>.</summary>
    public void GoDown()
    {
        lock (gate)
            isDown = true;

        foreach (var connection in connections.Keys)
            connection.Cut();
    }

    public void ComeBack()
    {
        lock (gate)
            isDown = false;
    }

    public async ValueTask DisposeAsync()
    {
        listener.Dispose();
        await accepting;
        GoDown();
        await Task.WhenAll(connections.Values);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = PassAsync(await listener.AcceptSocketAsync());
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // No more connections.
        }
    }

    private async Task PassAsync(Socket client)
    {
        using var connection = new CuttingConnection(client, isRecording ? BufferBytes : SmallBufferBytes, segments);
        var record = new RecordedConnection();
        lock (gate)
        {
            if (isDown)
                return; // which resets it

            recorded.Add(record);
            connections[connection] = Task.CompletedTask;
        }

        var passing = connection.RunAsync(destination, (bytes, isRequest) => isRecording ? Record(record, bytes, isRequest) : null);
        connections[connection] = passing;
        await passing;
        connections.TryRemove(connection, out _);
        if (connection.IsCut)
            Interlocked.Increment(ref cuts);
    }

    /// <returns>After how many of the bytes to break the connection.</returns>
    private int? Record(RecordedConnection connection, byte[] bytes, bool isRequest)
    {
        lock (gate)
        {
            if (isRequest)
            {
                var before = connection.RequestCount;
                connection.AddAsked(bytes);
                requests.AddRange(Enumerable.Range(before, connection.RequestCount - before).Select(index => (connection, index)));

                return null;
            }

            var length = connection.Answered.Length;
            connection.AddAnswered(bytes);
            if (CutAt?.Invoke(connection.Answered) is not { } cut)
                return null;

            CutAt = null;
            connection.EndAnswer(cut);
            return cut - length;
        }
    }
}
