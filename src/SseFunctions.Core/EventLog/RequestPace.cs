namespace SseFunctions.EventLog;

/// <summary>
/// How often a process makes a request: less often while storage refuses it, and more often again with each that it answers. The
/// rate falls by a share and rises by steps (AIMD, as TCP does it), so that all processes come to the same part of what storage gives.
/// </summary>
internal sealed class RequestPace
{
    /// <summary>What is left of the rate after a request that failed.</summary>
    public const double Decrease = 0.7;

    /// <summary>In which the rate rises from nothing to its maximum.</summary>
    public static readonly TimeSpan RecoveryTime = TimeSpan.FromMinutes(1);

    private readonly TimeSpan min;
    private readonly TimeSpan max;

    /// <param name="min">The time between two requests when storage keeps up.</param>
    /// <param name="max">What that grows to.</param>
    public RequestPace(TimeSpan min, TimeSpan max) => (this.min, this.max, Interval) = (min, max, min);

    /// <summary>From the start of a request to the next.</summary>
    public TimeSpan Interval { get; private set; }

    public void Answered() => Become((1 / Interval.TotalSeconds) + (Interval / RecoveryTime / min.TotalSeconds));

    public void Failed() => Become(Decrease / Interval.TotalSeconds);

    private void Become(double rate)
    {
        var interval = TimeSpan.FromSeconds(1 / rate);
        interval = interval < max ? interval : max;
        Interval = interval > min ? interval : min;
    }
}
