using System.Collections.Concurrent;

namespace SseFunctions.EndToEnd.Hostile;

/// <summary>Many clients at a time. They leave when it is disposed.</summary>
internal sealed class Crowd : IDisposable
{
    /// <summary>How many connect at a time: fewer than the host's backlog has room for.</summary>
    private const int ConnectingAtOnce = 100;

    private readonly ConcurrentBag<CrowdClient> clients = [];

    private Crowd()
    {
    }

    /// <summary>Those that were answered.</summary>
    public IReadOnlyCollection<CrowdClient> Clients => clients;

    /// <param name="count">How many clients.</param>
    /// <param name="openAsync">Opens one of them, by its number; null when it is refused.</param>
    public static async Task<Crowd> OpenAsync(int count, Func<int, Task<CrowdClient?>> openAsync)
    {
        var crowd = new Crowd();
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = ConnectingAtOnce }, async (i, _) =>
        {
            if (await openAsync(i) is { } client)
                crowd.clients.Add(client);
        });
        return crowd;
    }

    public void Dispose()
    {
        foreach (var client in clients)
            client.Dispose();
    }
}
