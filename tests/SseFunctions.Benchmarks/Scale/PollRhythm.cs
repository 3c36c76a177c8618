using SseFunctions.Streaming;

namespace SseFunctions.Benchmarks.Scale;

/// <summary>
/// How a feed reads the table when another process publishes, by its own rule: at the poll interval while there is news, else
/// ever more rarely. Events come at times that no poll is in step with.
/// </summary>
/// <param name="PollsASecond">Reads of the head.</param>
/// <param name="LoadsASecond">Reads of the events, one after each poll that found some.</param>
/// <param name="MedianLag">From an event's append to the poll that finds it.</param>
/// <param name="WorstLag">The longest such time.</param>
internal sealed record PollRhythm(double PollsASecond, double LoadsASecond, TimeSpan MedianLag, TimeSpan WorstLag)
{
    private const int Events = 5000;

    /// <summary>The fractional part of its multiples fills 0 to 1 evenly: spread without a random number, so that the tables stay the same.</summary>
    private const double GoldenRatio = 0.618033988749895;

    public static PollRhythm Of(double eventsASecond, TimeSpan pollInterval)
    {
        if (eventsASecond <= 0)
            return new(1 / Longest(pollInterval).TotalSeconds, 0, TimeSpan.Zero, TimeSpan.Zero);

        var lags = new List<double>(Events);
        var (now, interval, next, polls, loads) = (0.0, pollInterval, 0.0, 0, 0);
        while (lags.Count < Events)
        {
            now += interval.TotalSeconds;
            polls++;
            var before = lags.Count;
            for (; next <= now; next += (0.5 + (lags.Count * GoldenRatio % 1)) / eventsASecond)
                lags.Add(now - next);

            loads += lags.Count > before ? 1 : 0;
            interval = lags.Count > before ? pollInterval : HeadPoll.Longer(interval);
        }

        lags.Sort();
        return new(polls / now, loads / now, TimeSpan.FromSeconds(lags[lags.Count / 2]), TimeSpan.FromSeconds(lags[^1]));
    }

    private static TimeSpan Longest(TimeSpan interval)
    {
        while (HeadPoll.Longer(interval) > interval)
            interval = HeadPoll.Longer(interval);

        return interval;
    }
}
