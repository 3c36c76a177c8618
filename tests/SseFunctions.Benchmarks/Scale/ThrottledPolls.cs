using System.Collections.Concurrent;
using SseFunctions.EventLog;

namespace SseFunctions.Benchmarks.Scale;

/// <summary>Processes that poll a partition which answers only so many polls a second, each at its own pace by the rule of <see cref="ChangeFeedReader"/>.</summary>
internal static class ThrottledPolls
{
    private const double SettlingSeconds = 60;
    private const double Seconds = 180;

    /// <summary>Answers that the partition may give at once, as a share of those of a second.</summary>
    private const double BurstShare = 0.05;

    private static readonly ConcurrentDictionary<(int, double, TimeSpan), (TimeSpan, double, TimeSpan, TimeSpan)> Known = [];

    public static (TimeSpan AnswerInterval, double RefusedShare, TimeSpan MedianLag, TimeSpan P99Lag) Simulate(int processes, double answersASecond, TimeSpan pollInterval) =>
        Known.GetOrAdd((processes, answersASecond, pollInterval), _ => Run(processes, answersASecond, pollInterval));

    private static (TimeSpan AnswerInterval, double RefusedShare, TimeSpan MedianLag, TimeSpan P99Lag) Run(int processes, double answersASecond, TimeSpan pollInterval)
    {
        var random = new Random(1); // the same each time: the tables are checked
        var (pace, answered, polls) = (new RequestPace[processes], new double[processes], new PriorityQueue<int, double>());
        for (var process = 0; process < processes; process++)
        {
            pace[process] = new RequestPace(pollInterval, ChangeFeedReader.MaxFaultInterval);
            polls.Enqueue(process, random.NextDouble() * pollInterval.TotalSeconds);
        }

        var burst = Math.Max(1, answersASecond * BurstShare);
        var (now, free, refused, gaps) = (0.0, burst, 0, new List<double>());
        while (polls.TryDequeue(out var process, out var time) && time < Seconds)
        {
            (now, free) = (time, Math.Min(burst, free + ((time - now) * answersASecond)));
            var isCounted = now > SettlingSeconds;
            if (free >= 1)
            {
                free--;
                if (isCounted)
                    gaps.Add(now - answered[process]);

                answered[process] = now;
                pace[process].Answered();
            }
            else
            {
                refused += isCounted ? 1 : 0;
                pace[process].Failed();
            }

            polls.Enqueue(process, now + (pace[process].Interval.TotalSeconds * (1 + (ChangeFeedReader.Spread * ((2 * random.NextDouble()) - 1)))));
        }

        gaps.Sort();
        return (
            TimeSpan.FromSeconds(gaps.Average()), refused / (double)(refused + gaps.Count),
            TimeSpan.FromSeconds(LagQuantile(gaps, 0.5)), TimeSpan.FromSeconds(LagQuantile(gaps, 0.99)));
    }

    /// <summary>The lag that a share of all moments stays below: of a gap of so long, the moments wait from that long down to nothing.</summary>
    private static double LagQuantile(List<double> sortedGaps, double share)
    {
        var wanted = share * sortedGaps.Sum();
        var (below, lag, gap) = (0.0, 0.0, 0);
        while (true)
        {
            // From one gap's length to the next one's, each of the gaps that are at least so long adds as much.
            var step = (sortedGaps[gap] - lag) * (sortedGaps.Count - gap);
            if (below + step >= wanted)
                return lag + ((wanted - below) / (sortedGaps.Count - gap));

            (below, lag, gap) = (below + step, sortedGaps[gap], gap + 1);
        }
    }
}
