using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Support;

/// <summary>An Azurite of a class's own: for tests that keep storage busy, and for those that a slow answer to another test's call would fail.</summary>
public sealed class OwnStorage : IAsyncLifetime
{
    private readonly int port = LocalHostProcess.FreePort();
    private IAsyncDisposable? azurite;

    /// <summary>Its table service.</summary>
    public Uri Endpoint => TestStorage.EndpointOf(port);

    /// <summary>The host's setting that names it.</summary>
    public string Setting => $"EventLog__ConnectionString={TestStorage.ConnectionStringFor(Endpoint)}";

    public async Task InitializeAsync() => azurite = await TestStorage.StartAsync(port, location: null);

    public async Task DisposeAsync() => await azurite!.DisposeAsync();
}
