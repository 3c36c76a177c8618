using SseFunctions.EventLog;

namespace SseFunctions.Benchmarks.Scale;

/// <summary>
/// How often processes poll the change feed, by its own rule: at the poll interval, and more rarely while its partition refuses
/// polls.
/// </summary>
/// <param name="AnswerInterval">From a poll of a process that is answered to the next, on average.</param>
/// <param name="RefusedShare">Of a process's polls, those that the partition refuses: 0 to 1.</param>
/// <param name="MedianLag">From a hint in the change feed to the poll that finds it.</param>
/// <param name="WorstLag">The maximum of that; where polls are refused, what 99 % stay below.</param>
/// <param name="RowsASecond">Rows of the partition that are read and written.</param>
internal sealed record ChangeFeedRhythm(TimeSpan AnswerInterval, double RefusedShare, TimeSpan MedianLag, TimeSpan WorstLag, double RowsASecond)
{
    /// <summary>Of a process, the refused ones included.</summary>
    public double PollsASecond => 1 / (AnswerInterval.TotalSeconds * (1 - RefusedShare));

    /// <param name="readers">Processes with streams.</param>
    /// <param name="writers">Processes that publish, as often as each other.</param>
    /// <param name="flushesASecond">Of all writers.</param>
    /// <param name="pollInterval">Stream__PollInterval.</param>
    public static ChangeFeedRhythm Of(double readers, double writers, double flushesASecond, TimeSpan pollInterval)
    {
        var rows = Math.Max(1, RowsAPoll(writers, flushesASecond / writers));
        var answersASecond = Math.Max(1, Assumptions.PartitionRows - flushesASecond) / rows;
        if (readers / pollInterval.TotalSeconds > answersASecond)
        {
            var (interval, refused, median, worst) = ThrottledPolls.Simulate((int)readers, answersASecond, pollInterval);
            return new(interval, refused, median, worst, (readers * rows / interval.TotalSeconds) + flushesASecond);
        }

        return new(
            pollInterval, 0, pollInterval / 2, pollInterval * (1 + ChangeFeedReader.Spread),
            (readers * rows / pollInterval.TotalSeconds) + flushesASecond);
    }

    /// <summary>Flushes a second of a process that publishes so often: one at once, and what comes shortly after shares the next.</summary>
    public static double Flushes(double appendsASecond) => appendsASecond / (1 + (appendsASecond * ChangeFeedWriter.FlushInterval.TotalSeconds));

    /// <summary>The rows of writers that have flushed since the last poll, less its overlap; at times, of all that have a row.</summary>
    private static double RowsAPoll(double writers, double flushesOfAWriter)
    {
        const double DateRounding = 0.5;
        var recent = 1 - Math.Exp(-flushesOfAWriter * (ChangeFeedReader.Overlap.TotalSeconds + DateRounding));
        var all = 1 - Math.Exp(-flushesOfAWriter * ChangeFeedRow.Lifetime.TotalSeconds);
        return writers * (recent + ((all - recent) / ChangeFeedReader.PollsToFullPoll));
    }
}
