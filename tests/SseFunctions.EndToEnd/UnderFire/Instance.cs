using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.UnderFire;

/// <summary>A host process, with a proxy between it and its clients and one between it and storage.</summary>
internal sealed class Instance : IAsyncDisposable
{
    /// <summary>What every call to a storage in trouble is held up for at most.</summary>
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(0.3);

    private readonly StorageProxy storage;
    private readonly CuttingProxy clients;
    private readonly SemaphoreSlim gate = new(1);
    private LocalHostProcess host;

    private Instance(LocalHostProcess host, StorageProxy storage)
    {
        (this.host, this.storage) = (host, storage);
        clients = CuttingProxy.StartSmall(host.BaseAddress);
        storage.Intercept = Storage.InterceptAsync;
    }

    public StorageGate Storage { get; } = new();

    public LocalHostProcess Host => host;

    /// <summary>The root of the API, for its clients.</summary>
    public Uri BaseAddress => clients.BaseAddress;

    /// <summary>Connections of clients that were cut.</summary>
    public int Cuts => clients.Cuts;

    public static async Task<Instance> StartAsync(Uri storageEndpoint, string table, string[] settings)
    {
        var storage = await StorageProxy.StartAsync(storageEndpoint);
        return new Instance(await LocalHostProcess.StartAsync(table, [.. settings, storage.Setting]), storage);
    }

    /// <summary>Kills the host, and starts another in its place.</summary>
    public async Task KillAsync(TimeSpan downtime)
    {
        await gate.WaitAsync();
        try
        {
            var killed = host;
            await killed.KillAsync();
            await Task.Delay(downtime, TimeProvider.System);
            host = await killed.StartAgainAsync();
            await killed.DisposeAsync();
        }
        finally
        {
            gate.Release();
        }
    }

    public void Cut(int percent, Random random) => clients.CutSome(percent, random);

    public Task TroubleStorageAsync(int percent, TimeSpan duration, Random random) => Storage.FailAsync(new RandomFaults(random, percent, MaxDelay), duration);

    public async ValueTask DisposeAsync()
    {
        await clients.DisposeAsync();
        await host.DisposeAsync();
        await storage.DisposeAsync();
        gate.Dispose();
    }
}
