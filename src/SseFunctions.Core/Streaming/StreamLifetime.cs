namespace SseFunctions.Streaming;

/// <summary>How long one stream lives.</summary>
/// <param name="Planned">When it ends by itself, after its start.</param>
/// <param name="Limit">When the platform would cut it: no write may last beyond this.</param>
internal readonly record struct StreamLifetime(TimeSpan Planned, TimeSpan Limit)
{
    /// <summary>The Azure front end cuts a response after 230 s: learn.microsoft.com/azure/azure-functions/functions-scale#timeout.</summary>
    public static readonly TimeSpan FrontEndLimit = TimeSpan.FromSeconds(230);

    /// <summary>What a stream keeps clear of its limit, for its last write and the way to the client; half of a limit that is not twice as long.</summary>
    public static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    /// <summary>The smallest share of its lifetime that a stream gets; the rest is drawn, so that streams do not end together.</summary>
    public const double MinShare = 0.8;

    /// <param name="configured">Stream__Lifetime.</param>
    /// <param name="functionTimeout">host.json's; null when unbounded.</param>
    /// <param name="accessLeft">How long the client's permission lasts; null when unbounded.</param>
    public static StreamLifetime Draw(TimeSpan configured, TimeSpan? functionTimeout, TimeSpan? accessLeft)
    {
        var limit = Min(Min(FrontEndLimit, functionTimeout), accessLeft);
        var max = Min(configured, limit - Min(Margin, limit / 2));
        return new(max * (MinShare + ((1 - MinShare) * Random.Shared.NextDouble())), limit);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan? b) => b < a ? b.Value : a;
}
