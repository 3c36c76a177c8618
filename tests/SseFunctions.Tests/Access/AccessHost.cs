using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Access;

/// <summary>A host with a signing key, on which "clock" and "open.*" are open, for the tests of a class.</summary>
public sealed class AccessHost : IAsyncLifetime
{
    internal static readonly string[] Settings = ["Access:AnonymousTopics=open.*,clock", $"Access:SigningKey={SignedToken.Key}"];

    private TestHost? host;

    public TestHost Host => host!;

    public async Task InitializeAsync() => host = await TestHost.StartAsync(Settings);

    public async Task DisposeAsync() => await Host.DisposeAsync();
}
