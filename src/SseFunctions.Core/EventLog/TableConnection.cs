using Azure.Core;
using Azure.Data.Tables;

namespace SseFunctions.EventLog;

/// <summary>Makes the client of the one table, from the settings.</summary>
internal static class TableConnection
{
    /// <summary>Few and short: the log retries by itself, and asks before it does whether a write has landed.</summary>
    private const int MaxRetries = 2;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan NetworkTimeout = TimeSpan.FromSeconds(10);

    public static TableClient Open(EventLogOptions options, LogTelemetry telemetry)
    {
        var clientOptions = new TableClientOptions();
        clientOptions.RetryPolicy = new RetriesExceptTransactions(MaxRetries, RetryDelay);
        clientOptions.Retry.NetworkTimeout = NetworkTimeout;
        clientOptions.AddPolicy(telemetry.CountTransactions, HttpPipelinePosition.PerRetry);
        return options.TableServiceUri is { } uri
            ? new TableClient(uri, options.TableName, options.Identity.Credential, clientOptions)
            : new TableClient(options.ConnectionString, options.TableName, clientOptions);
    }
}
