using System.Net.Sockets;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.UnderFire;

/// <summary>Two hosts on one Azurite of their own, and all that can be done to them.</summary>
internal sealed class Deployment : IAsyncDisposable
{
    public const int Instances = 2;

    /// <summary>Half a minute of the busier topics: longer than a host goes on trying a write whose publisher has left.</summary>
    public const int RetainedEvents = 400;

    public static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(3);

    private static readonly string[] Settings =
    [
        "Stream__Lifetime=00:00:10",
        "Stream__Retry=00:00:00.200",
        "Stream__Heartbeat=00:00:01",
        $"Stream__WriteTimeout={WriteTimeout}",
        $"Stream__MaxStreams={Thoroughness.Choose(brief: 40, full: 170)}", // less than all readers, who all come to the one when the other is down
        "Stream__CacheBytes=2097152", // full within seconds, so that it grows no more
        $"Retention__MaxEvents={RetainedEvents}",
        "RetentionSchedule=* * * * * *",
        TestHost.NoClock,
        TestHost.NoRuntime,
        .. HostMemory.Settings,
    ];

    private readonly int storagePort;
    private readonly string folder;
    private readonly SemaphoreSlim gate = new(1);
    private readonly List<Instance> instances = [];
    private IAsyncDisposable azurite;

    private Deployment(int storagePort, string folder, IAsyncDisposable azurite) => (this.storagePort, this.folder, this.azurite) = (storagePort, folder, azurite);

    public Intermission Intermission { get; } = new();

    /// <summary>For publishers and readers.</summary>
    public HttpClient Client { get; } = NewClient();

    /// <summary>For readers that take their time: its connections hold little.</summary>
    public HttpClient SlowClient { get; } = NewClient(receiveBufferBytes: 4096);

    /// <summary>Calls to storage that have failed.</summary>
    public int FailedCalls => instances.Sum(instance => instance.Storage.Failed);

    /// <summary>Hints that were lost.</summary>
    public int LostHints => instances.Sum(instance => instance.Storage.LostHints);

    /// <summary>Connections that were cut.</summary>
    public int Cuts => instances.Sum(instance => instance.Cuts);

    public static async Task<Deployment> StartAsync()
    {
        var (port, folder) = (LocalHostProcess.FreePort(), Directory.CreateTempSubdirectory("under-fire").FullName);
        var deployment = new Deployment(port, folder, await TestStorage.StartAsync(port, folder));
        try
        {
            var table = TestStorage.NewTableName();
            for (var i = 0; i < Instances; i++)
                deployment.instances.Add(await Instance.StartAsync(TestStorage.EndpointOf(port), table, Settings));

            return deployment;
        }
        catch
        {
            await deployment.DisposeAsync();
            throw;
        }
    }

    /// <summary>The root of an instance's API; there are as many addresses as one likes, and they go round.</summary>
    public Uri BaseAddress(int instance) => instances[instance % Instances].BaseAddress;

    public LocalHostProcess Host(int instance) => instances[instance].Host;

    /// <summary>Lets something go wrong; done when it is over.</summary>
    public Task MeetAsync(FireFault fault)
    {
        var instance = instances[fault.Instance];
        switch (fault.Kind)
        {
            case FireFaultKind.HostKilled:
                return instance.KillAsync(fault.Duration);
            case FireFaultKind.StorageStopped:
                return RestartStorageAsync(fault.Duration);
            case FireFaultKind.StorageInTrouble:
                return instance.TroubleStorageAsync(fault.Percent, fault.Duration, new Random(fault.Seed));
            case FireFaultKind.HintsLost:
                return instance.Storage.LoseHintsAsync(fault.Duration);
            case FireFaultKind.ConnectionsCut:
                instance.Cut(fault.Percent, new Random(fault.Seed));
                return Task.CompletedTask;
            default:
                throw new ArgumentOutOfRangeException(nameof(fault));
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        SlowClient.Dispose();
        foreach (var instance in instances)
            await instance.DisposeAsync();

        await azurite.DisposeAsync();
        Directory.Delete(folder, recursive: true);
        gate.Dispose();
    }

    private static HttpClient NewClient(int? receiveBufferBytes = null)
    {
        var handler = new SocketsHttpHandler { UseProxy = false, ResponseDrainTimeout = TimeSpan.Zero };
        if (receiveBufferBytes is { } bytes)
        {
            handler.ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = bytes };
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            };
        }

        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private async Task RestartStorageAsync(TimeSpan downtime)
    {
        await gate.WaitAsync();
        try
        {
            await Task.WhenAll(instances.Select(instance => instance.Storage.CloseAsync()));
            await azurite.DisposeAsync();
            await Task.Delay(downtime, TimeProvider.System);
            azurite = await TestStorage.StartAsync(storagePort, folder);
            instances.ForEach(instance => instance.Storage.Open());
        }
        finally
        {
            gate.Release();
        }
    }
}
