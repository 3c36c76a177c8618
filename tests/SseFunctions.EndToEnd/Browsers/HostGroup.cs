using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>Hosts on one table.</summary>
internal sealed record HostGroup(string Table, IReadOnlyList<TestHost> Hosts) : IAsyncDisposable
{
    /// <param name="settings">Of each host.</param>
    public static async Task<HostGroup> StartAsync(params string[][] settings)
    {
        var table = TestStorage.NewTableName();
        return new HostGroup(table, await Task.WhenAll(settings.Select(each => TestHost.StartOnAsync(table, each))));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in Hosts)
            await host.DisposeAsync();
    }
}
