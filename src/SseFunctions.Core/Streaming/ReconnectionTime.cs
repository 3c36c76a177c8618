namespace SseFunctions.Streaming;

/// <summary>
/// How long a client waits before it comes back: SSE's reconnection time, which the server sends. Browsers take it exactly,
/// without jitter of their own, so clients that are cut off together would come back together: the server draws it at random.
/// </summary>
internal static class ReconnectionTime
{
    /// <summary>How much of the time is drawn at random, to either side.</summary>
    public const double Spread = 0.5;

    /// <summary>How many times as long a client waits after overload, storage trouble or shutdown.</summary>
    public const double StressFactor = 5;

    public static TimeSpan Draw(TimeSpan configured) => configured * (1 - Spread + (2 * Spread * Random.Shared.NextDouble()));

    public static TimeSpan DrawUnderStress(TimeSpan configured) => Draw(configured * StressFactor);
}
