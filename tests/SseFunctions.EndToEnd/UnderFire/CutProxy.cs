using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace SseFunctions.EndToEnd.UnderFire;

/// <summary>The network between clients and a host: passes bytes on, in both directions, and breaks connections at any byte.</summary>
internal sealed class CutProxy : IAsyncDisposable
{
    /// <summary>About a round of events of a busy topic: some connections break in the next frame, some later.</summary>
    private const int LongestRest = 4096;

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<CutConnection, Task> connections = [];
    private readonly int destination;
    private readonly Task accepting;
    private int cuts;

    /// <param name="destination">The host's root of the API.</param>
    public CutProxy(Uri destination)
    {
        this.destination = destination.Port;
        listener.Start();
        BaseAddress = new UriBuilder(destination) { Port = ((IPEndPoint)listener.LocalEndpoint).Port }.Uri;
        accepting = Task.Run(AcceptAsync);
    }

    /// <summary>What the host's root of the API is for its clients.</summary>
    public Uri BaseAddress { get; }

    /// <summary>How many connections it has broken.</summary>
    public int Cuts => Volatile.Read(ref cuts);

    /// <summary>Breaks some of the connections that there are now, each when some bytes more have passed.</summary>
    public void Cut(int percent, Random random)
    {
        foreach (var connection in connections.Keys)
        {
            if (random.Next(100) < percent)
                connection.CutAfter(random.Next(LongestRest), isRequest: random.Next(4) == 0);
        }
    }

    public async ValueTask DisposeAsync()
    {
        listener.Dispose();
        await accepting;
        foreach (var connection in connections.Keys)
            connection.Dispose();

        await Task.WhenAll(connections.Values);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = PassAsync(await listener.AcceptSocketAsync());
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // No more connections.
        }
    }

    private async Task PassAsync(Socket client)
    {
        using var connection = new CutConnection(client);
        var passing = connection.RunAsync(destination);
        connections[connection] = passing;
        await passing;
        connections.TryRemove(connection, out _);
        if (connection.IsCut)
            Interlocked.Increment(ref cuts);
    }
}
