using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Support;

/// <summary>An Azurite of a class's own: for tests that keep storage busy, and for those that fail when it is slow.</summary>
public sealed class OwnStorage : IAsyncLifetime
{
    private readonly int port = LocalHostProcess.FreePort();
    private IAsyncDisposable? azurite;

    /// <summary>Its table service.</summary>
    public Uri Endpoint => TestStorage.EndpointOf(port);

    /// <summary>The host's setting that names it.</summary>
    public string Setting => TestStorage.SettingFor(Endpoint);

    public async Task InitializeAsync()
    {
        if (Target.NoProcessControl is null)
            azurite = await TestStorage.StartAsync(port, location: null);
    }

    public async Task DisposeAsync()
    {
        if (azurite is not null)
            await azurite.DisposeAsync();
    }
}
