using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using SseFunctions.Access;
using SseFunctions.EventLog;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>How much may be published in this process: at a time, and by one subject.</summary>
internal sealed class PublishLimits : IDisposable
{
    /// <summary>24 MiB of bodies of up to <see cref="MaxSmallBytes"/>, and 24 MiB of larger ones. To write them takes a few times as much.</summary>
    public const long MaxBytesAtATime = 24 * 1024 * 1024;

    /// <summary>64 KiB, the most by token (<see cref="AccessOptions.PublishBytes"/>): larger bodies, which only who has the function key sends, never keep these out.</summary>
    public const int MaxSmallBytes = AppendLimits.MaxDataBytes;

    /// <summary>How long a publication waits for its turn.</summary>
    private static readonly TimeSpan TurnTimeout = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private readonly TimeProvider time;
    private readonly int perMinute;
    private readonly PartitionedRateLimiter<string> limiter;

    public PublishLimits(AccessOptions options, TimeProvider time)
    {
        this.time = time;
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

    /// <summary>The size of a request's body at most, of one who publishes by token.</summary>
    public int MaxBytes { get; }

    /// <summary>Where bodies of up to <see cref="MaxSmallBytes"/> take their turn.</summary>
    public FairGate Small { get; } = new(MaxBytesAtATime);

    /// <summary>Where larger bodies do.</summary>
    public FairGate Large { get; } = new(MaxBytesAtATime);

    /// <summary>Waits until a body may be read.</summary>
    /// <param name="size">Bytes that it may have.</param>
    /// <param name="requestAborted">Ends the wait, and so does <paramref name="end"/>.</param>
    /// <returns>To be disposed when the request has its answer.</returns>
    /// <exception cref="PublicationsBusyException">Its turn did not come in time.</exception>
    public async Task<FairGate.Room> TakeTurnAsync(long size, CancellationToken requestAborted, CancellationToken end)
    {
        var bodies = size <= MaxSmallBytes ? Small : Large;
        if (bodies.TryEnter(size) is { } turn)
            return turn; // as nearly always: without a timer

        using var timeout = new CancellationTokenSource(TurnTimeout, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(requestAborted, end, timeout.Token);
        try
        {
            return await bodies.EnterAsync(size, stop.Token);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            throw new PublicationsBusyException();
        }
    }

    /// <returns>The answer to a subject that has published by token too often; null where it has not.</returns>
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
