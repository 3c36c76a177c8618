namespace SseFunctions.Streaming;

/// <summary>
/// What a client is told to wait before it comes back (SSE's reconnection time). Browsers take it exactly, without a
/// jitter of their own, so clients that are cut off together would come back together: the server draws it.
/// </summary>
internal static class ReconnectionTime
{
    /// <summary>How much of the time is drawn at random, to either side.</summary>
    public const double Spread = 0.5;

    /// <summary>How much longer a client waits that is sent away by overload, storage trouble or shutdown.</summary>
    public const double StressFactor = 5;

    public static TimeSpan Draw(TimeSpan configured) => configured * (1 - Spread + (2 * Spread * Random.Shared.NextDouble()));

    public static TimeSpan DrawUnderStress(TimeSpan configured) => Draw(configured * StressFactor);
}
