using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;

namespace SseFunctions.EventLog;

/// <summary>Makes the client of the one table, from the settings.</summary>
internal static class TableConnection
{
    /// <summary>Few and short: the log retries by itself, and asks before it does whether a write has landed.</summary>
    private const int MaxRetries = 2;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan NetworkTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Each is a file descriptor, and the storage client's own default has no bound. Above what feeds read at a time, so that writers find one free.</summary>
    public const int MaxConnections = 100;

    /// <summary>Shared, since a connection pool is; otherwise as the storage client makes it itself.</summary>
    private static readonly HttpClientTransport Transport = new(new HttpClient(new SocketsHttpHandler
    {
        MaxConnectionsPerServer = MaxConnections,
        AllowAutoRedirect = false,
        UseCookies = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5), // so that a changed address is seen
    })
    {
        Timeout = Timeout.InfiniteTimeSpan, // NetworkTimeout bounds each try
    });

    public static TableClient Open(EventLogOptions options, LogTelemetry telemetry)
    {
        var clientOptions = new TableClientOptions();
        clientOptions.RetryPolicy = new RetriesExceptTransactions(MaxRetries, RetryDelay);
        clientOptions.Retry.NetworkTimeout = NetworkTimeout;
        clientOptions.Transport = Transport;
        clientOptions.AddPolicy(telemetry.CountTransactions, HttpPipelinePosition.PerRetry);
        return options.TableServiceUri is { } uri
            ? new TableClient(uri, options.TableName, options.Identity.Credential, clientOptions)
            : new TableClient(options.ConnectionString, options.TableName, clientOptions);
    }
}
