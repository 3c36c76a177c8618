using System.Collections.Concurrent;

namespace SseFunctions.EndToEnd.Hostile;

/// <summary>Many clients at a time. They leave when it is disposed.</summary>
internal sealed class Crowd : IDisposable
{
    private readonly ConcurrentBag<CrowdClient> clients = [];

    private Crowd()
    {
    }

    /// <summary>Those that were answered.</summary>
    public IReadOnlyCollection<CrowdClient> Clients => clients;

    /// <param name="count">How many clients.</param>
    /// <param name="openAsync">Opens one of them, by its number; null when it is refused.</param>
    /// <param name="atOnce">How many connect at a time; by default fewer than the host's backlog has room for.</param>
    public static async Task<Crowd> OpenAsync(int count, Func<int, Task<CrowdClient?>> openAsync, int atOnce = 100)
    {
        var crowd = new Crowd();
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = atOnce }, async (i, _) =>
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
