using SseFunctions.TestSupport;
using SseFunctions.WorkerHost;

namespace SseFunctions.EndToEnd.Support;

/// <summary>The function app in its real worker process, under a host that speaks the Functions host's protocol; whatever SSE_TARGET says.</summary>
public sealed class WorkerTarget : Target
{
    public const string Collection = "The real worker";

    private FunctionsHost? host;

    internal FunctionsHost Host => host!;

    public override async Task DisposeAsync()
    {
        if (host is not null)
            await host.DisposeAsync();

        await base.DisposeAsync();
    }

    protected override async Task<HttpClient> ConnectAsync()
    {
        host = await FunctionsHost.StartAsync(new FunctionsHostOptions { Settings = await AppSettings.ForAsync(TestStorage.NewTableName()) });
        return NewClient(host.BaseAddress, host.FunctionKey);
    }
}
