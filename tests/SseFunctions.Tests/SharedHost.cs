using SseFunctions.TestSupport;

namespace SseFunctions.Tests;

/// <summary>One host for the tests of a class.</summary>
public abstract class SharedHost(params string[] settings) : IAsyncLifetime
{
    private TestHost? host;

    public TestHost Host => host!;

    public async Task InitializeAsync() => host = await TestHost.StartAsync(settings);

    public async Task DisposeAsync() => await Host.DisposeAsync();
}
