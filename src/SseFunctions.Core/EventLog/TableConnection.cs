using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Identity;

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
        clientOptions.RetryPolicy = new AllButTransactions();
        clientOptions.Retry.NetworkTimeout = NetworkTimeout;
        clientOptions.AddPolicy(telemetry.CountTransactions, HttpPipelinePosition.PerRetry);
        return options.TableServiceUri is { } uri
            ? new TableClient(uri, options.TableName, Credential(options), clientOptions)
            : new TableClient(options.ConnectionString, options.TableName, clientOptions);
    }

    /// <summary>
    /// A transaction is tried by the log alone: after a try of the client's own that the log knows nothing of, a conflict
    /// would no longer mean that nothing was written.
    /// </summary>
    private sealed class AllButTransactions() : RetryPolicy(MaxRetries, DelayStrategy.CreateExponentialDelayStrategy(RetryDelay))
    {
        protected override bool ShouldRetry(HttpMessage message, Exception? exception) =>
            !IsTransaction(message) && base.ShouldRetry(message, exception);

        protected override ValueTask<bool> ShouldRetryAsync(HttpMessage message, Exception? exception) =>
            IsTransaction(message) ? new(false) : base.ShouldRetryAsync(message, exception);

        private static bool IsTransaction(HttpMessage message) =>
            message.Request.Uri.ToUri().AbsolutePath.EndsWith("/$batch", StringComparison.Ordinal);
    }

    private static TokenCredential Credential(EventLogOptions options)
    {
        if (!options.UseManagedIdentity)
            return new DefaultAzureCredential(new DefaultAzureCredentialOptions { ManagedIdentityClientId = options.ClientId });

        return new ManagedIdentityCredential(options.ClientId is null
            ? ManagedIdentityId.SystemAssigned
            : ManagedIdentityId.FromUserAssignedClientId(options.ClientId));
    }
}
