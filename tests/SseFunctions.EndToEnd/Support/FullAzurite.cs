using System.Security.Cryptography;
using System.Text.RegularExpressions;
using SseFunctions.Local;

namespace SseFunctions.EndToEnd.Support;

/// <summary>An Azurite with blobs and queues as well, which the Functions host needs for keys and leases.</summary>
internal sealed partial class FullAzurite : IAsyncDisposable
{
    private const string Account = "testaccount";
    private const string Script = "require('azurite/dist/src/azurite.js'); process.stdin.on('end', () => process.exit()).resume();";

    private readonly WatchedProcess process;

    private FullAzurite(WatchedProcess process, string connectionString) => (this.process, ConnectionString) = (process, connectionString);

    public string ConnectionString { get; }

    public static async Task<FullAzurite> StartAsync()
    {
        await Azurite.Installation.EnsureAsync(Console.WriteLine, CancellationToken.None);
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(64));
        var process = WatchedProcess.Start(
            "node",
            [
                "-e", Script, "--", "azurite", "--skipApiVersionCheck", "--disableTelemetry", "--silent", "--inMemoryPersistence",
                "--blobPort", "0", "--queuePort", "0", "--tablePort", "0",
            ],
            Azurite.Folder,
            [new("AZURITE_ACCOUNTS", $"{Account}:{key}")]);
        try
        {
            var connectionString = $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={key};";
            for (var services = 0; services < 3;)
            {
                if (Listening().Match(await process.ReadLineAsync()) is not { Success: true } service)
                    continue;

                connectionString += $"{service.Groups["service"]}Endpoint={service.Groups["address"]}/{Account};";
                services++;
            }

            return new FullAzurite(process, connectionString);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => process.DisposeAsync();

    [GeneratedRegex(@"Azurite (?<service>Blob|Queue|Table) service is successfully listening at (?<address>\S+)")]
    private static partial Regex Listening();
}
