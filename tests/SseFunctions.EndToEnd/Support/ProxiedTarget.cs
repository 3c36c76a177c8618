namespace SseFunctions.EndToEnd.Support;

/// <summary>The target, or a local host of its own, behind the Functions host's proxy.</summary>
public sealed class ProxiedTarget : Target
{
    private HostProxy? proxy;

    /// <summary>
    /// The proxy asks under the name of what is behind it, so to a local host's guard against foreign pages the pages from
    /// here seem foreign. The function app, behind the real proxy, has no such guard.
    /// </summary>
    protected override string[] Settings => ["Host__CORS=*"];

    public override async Task DisposeAsync()
    {
        if (proxy is not null)
            await proxy.DisposeAsync();

        await base.DisposeAsync();
    }

    protected override async Task<Uri> ReachAsync(Uri host)
    {
        proxy = await HostProxy.StartAsync(host);
        return proxy.BaseAddress;
    }
}
