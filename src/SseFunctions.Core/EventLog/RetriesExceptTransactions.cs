using Azure.Core;
using Azure.Core.Pipeline;

namespace SseFunctions.EventLog;

/// <summary>
/// The storage client's retries, except for transactions. Only the log repeats these: after a retry that the log knows nothing
/// of, a conflict would no longer mean that nothing was written.
/// </summary>
internal sealed class RetriesExceptTransactions(int maxRetries, TimeSpan delay)
    : RetryPolicy(maxRetries, DelayStrategy.CreateExponentialDelayStrategy(delay))
{
    protected override bool ShouldRetry(HttpMessage message, Exception? exception) =>
        !IsTransaction(message) && base.ShouldRetry(message, exception);

    protected override ValueTask<bool> ShouldRetryAsync(HttpMessage message, Exception? exception) =>
        IsTransaction(message) ? new(false) : base.ShouldRetryAsync(message, exception);

    private static bool IsTransaction(HttpMessage message) =>
        message.Request.Uri.ToUri().AbsolutePath.EndsWith("/$batch", StringComparison.Ordinal);
}
