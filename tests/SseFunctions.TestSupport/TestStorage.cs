using System.Diagnostics;
using System.Security.Cryptography;
using Azure.Data.Tables;
using SseFunctions.Local;

namespace SseFunctions.TestSupport;

/// <summary>One Azurite for all tests of a process, in memory, on a free port, with a key made for this run. It ends with the process.</summary>
public static class TestStorage
{
    private const string Account = "testaccount";

    private static readonly Lazy<Task<(Uri Endpoint, Azurite Azurite)>> Started = new(StartAsync);
    private static readonly string Key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(64));

    /// <summary>The table service itself; a test that injects faults puts a <see cref="StorageProxy"/> before it.</summary>
    public static async Task<Uri> EndpointAsync() => (await Started.Value).Endpoint;

    /// <summary>The CPU time that it has taken so far.</summary>
    public static async Task<TimeSpan> CpuTimeAsync()
    {
        using var process = Process.GetProcessById((await Started.Value).Azurite.ProcessId);
        return process.TotalProcessorTime;
    }

    public static async Task<string> ConnectionStringAsync() => ConnectionStringFor(await EndpointAsync());

    public static string ConnectionStringFor(Uri endpoint) =>
        $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};TableEndpoint={endpoint}{Account};";

    /// <summary>The host's setting that names a table service.</summary>
    public static string SettingFor(Uri endpoint) => LocalHostProcess.ConnectionSetting + ConnectionStringFor(endpoint);

    /// <summary>A table name that no other test uses; the table is not there yet.</summary>
    public static string NewTableName() => $"t{Guid.NewGuid():N}";

    public static async Task<TableClient> NewTableAsync() => new(await ConnectionStringAsync(), NewTableName());

    /// <summary>Another Azurite, with the same account and key: one that can be stopped, which ends it, and started again on its files.</summary>
    /// <param name="port">Of its table service, at <see cref="EndpointOf"/>.</param>
    /// <param name="location">The folder of its files; null to keep everything in memory.</param>
    public static async Task<IAsyncDisposable> StartAsync(int port, string? location) => await StartAzuriteAsync(port, location);

    public static Uri EndpointOf(int port) => new($"http://127.0.0.1:{port}/");

    private static Task<Azurite> StartAzuriteAsync(int port, string? location) =>
        Azurite.StartAsync(port, location, $"{Account}:{Key}", Console.WriteLine, CancellationToken.None);

    private static async Task<(Uri Endpoint, Azurite Azurite)> StartAsync()
    {
        var port = LocalHostProcess.FreePort();
        return (EndpointOf(port), await StartAzuriteAsync(port, location: null));
    }
}
