using Azure.Core;
using Azure.Core.Pipeline;

namespace SseFunctions.EventLog;

/// <summary>
/// The storage client's retries, except for transactions. Only the log repeats these: after a retry that the log knows nothing
/// of, a conflict would no longer mean that nothing was written. Nor for requests that
/// say so.
/// </summary>
internal sealed class RetriesExceptTransactions(int maxRetries, TimeSpan delay)
    : RetryPolicy(maxRetries, DelayStrategy.CreateExponentialDelayStrategy(delay))
{
    /// <summary>For HttpPipeline.CreateHttpMessagePropertiesScope: the requests in that scope are not tried again.</summary>
    public static readonly IDictionary<string, object?> TriedOnce = new Dictionary<string, object?> { [nameof(TriedOnce)] = true };

    protected override bool ShouldRetry(HttpMessage message, Exception? exception) =>
        !IsTriedOnce(message) && base.ShouldRetry(message, exception);

    protected override ValueTask<bool> ShouldRetryAsync(HttpMessage message, Exception? exception) =>
        IsTriedOnce(message) ? new(false) : base.ShouldRetryAsync(message, exception);

    private static bool IsTriedOnce(HttpMessage message) =>
        message.TryGetProperty(nameof(TriedOnce), out _) || message.Request.Uri.ToUri().AbsolutePath.EndsWith("/$batch", StringComparison.Ordinal);
}
