using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using SseFunctions.Access;

namespace SseFunctions.Api;

/// <summary>How much one subject may publish by token, in this process.</summary>
internal sealed class PublishLimits : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private readonly int perMinute;
    private readonly PartitionedRateLimiter<string> limiter;

    public PublishLimits(AccessOptions options)
    {
        (MaxBytes, perMinute) = (options.PublishBytes, options.PublishPerMinute);
        // A bucket that a subject may empty at once, and that fills evenly. Buckets that are full and unused go.
        var bucket = new TokenBucketRateLimiterOptions
        {
            TokenLimit = perMinute,
            TokensPerPeriod = 1,
            ReplenishmentPeriod = Period / perMinute,
            AutoReplenishment = false,
            QueueLimit = 0,
        };
        limiter = PartitionedRateLimiter.Create<string, string>(subject => RateLimitPartition.GetTokenBucketLimiter(subject, _ => bucket), StringComparer.Ordinal);
    }

    /// <summary>The size of a request's body at most.</summary>
    public int MaxBytes { get; }

    /// <returns>The answer to a subject that has published too often; null where it has not.</returns>
    public IResult? Take(HttpContext context, string subject)
    {
        using var lease = limiter.AttemptAcquire(subject);
        if (lease.IsAcquired)
            return null;

        var seconds = lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)) : 1;
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return Problem.Create(
            StatusCodes.Status429TooManyRequests,
            "Too many publications",
            $"{perMinute} publications a minute are allowed to each who publishes by token. Nothing was written. Try again in {seconds} s.");
    }

    public void Dispose() => limiter.Dispose();
}
