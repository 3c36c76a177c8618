using SseFunctions.Streaming;

namespace SseFunctions.Benchmarks.Storm;

/// <summary>
/// A million clients whose streams are all cut at once, by a restart that takes two seconds, and what arrives then. They do
/// as EventSource does: wait exactly for the reconnection time that the server sent; try; wait again when nobody answers; and
/// come back when their stream has ended. The times are drawn by the code that draws them in the emitter.
/// </summary>
internal static class ReconnectStorm
{
    public const int Clients = 1_000_000;
    public static readonly TimeSpan Duration = TimeSpan.FromMinutes(6);
    public static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Restart = TimeSpan.FromSeconds(2);

    private static readonly StreamOptions Options = new();

    /// <summary>From a client's decision to the server: not two are alike, though nobody draws these.</summary>
    private static readonly TimeSpan MaxWay = TimeSpan.FromMilliseconds(50);

    /// <returns>How many connections arrive in each step, at a server that is there or not.</returns>
    /// <param name="isJittered">Whether reconnection times and lifetimes are drawn, or the same for all.</param>
    public static int[] Simulate(bool isJittered)
    {
        var arrivals = new int[(int)(Duration / Step)];
        for (var client = 0; client < Clients; client++)
        {
            var retry = Retry();
            for (var now = retry; now < Duration; now += now < Restart ? retry : Life())
                arrivals[(int)((now + (MaxWay * Random.Shared.NextDouble())) / Step) is var step && step < arrivals.Length ? step : arrivals.Length - 1]++;

            TimeSpan Life()
            {
                var lifetime = isJittered ? StreamLifetime.Draw(Options.Lifetime, Options.FunctionTimeout, null).Planned : Options.Lifetime;
                retry = Retry();
                return lifetime + retry;
            }
        }

        return arrivals;

        TimeSpan Retry() => isJittered ? ReconnectionTime.Draw(Options.Retry) : Options.Retry;
    }
}
