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
/// <param name="BytesAPoll">What a poll brings.</param>
/// <param name="RowsASecond">Rows of the partition that are read and written.</param>
internal sealed record ChangeFeedRhythm(TimeSpan AnswerInterval, double RefusedShare, TimeSpan MedianLag, TimeSpan WorstLag, double BytesAPoll, double RowsASecond)
{
    /// <summary>Rows change little with the interval, so that this comes to rest at once.</summary>
    private const int Rounds = 3;

    /// <summary>Of a process, the refused ones included.</summary>
    public double PollsASecond => 1 / (AnswerInterval.TotalSeconds * (1 - RefusedShare));

    /// <param name="readers">Processes with streams.</param>
    /// <param name="writers">Processes that publish, as often as each other.</param>
    /// <param name="eventsASecond">Of all writers, each of another topic than those shortly before.</param>
    /// <param name="pollInterval">Stream__PollInterval.</param>
    public static ChangeFeedRhythm Of(double readers, double writers, double eventsASecond, TimeSpan pollInterval)
    {
        var flushes = writers * Flushes(eventsASecond / writers);
        var (interval, refused, median, worst) = (pollInterval, 0.0, pollInterval / 2, pollInterval * (1 + ChangeFeedReader.Spread));
        for (var round = 0; round < Rounds; round++)
        {
            var answersASecond = Math.Max(1, Assumptions.PartitionRows - flushes) / Math.Max(1, RowsAPoll(flushes, interval).Sum());
            if (readers / pollInterval.TotalSeconds <= answersASecond)
                break;

            (interval, refused, median, worst) = ThrottledPolls.Simulate((int)readers, answersASecond, pollInterval);
        }

        var (newest, others) = (RowsAPoll(flushes, interval)[0], RowsAPoll(flushes, interval)[1..].Sum());
        var rows = Math.Max(1, newest + others);

        // The newest row is half full on average.
        var lines = ((newest / 2) + others) * ChangeFeedRow.Slice.TotalSeconds * eventsASecond;
        var pages = (newest + others) * writers * (1 - Math.Exp(-flushes / writers * ChangeFeedRow.Slice.TotalSeconds / 2));
        return new(
            interval, refused, median, worst, (lines * Assumptions.LineBytes) + (pages * Assumptions.PageBytes),
            (readers * rows / interval.TotalSeconds) + flushes);
    }

    /// <summary>Flushes a second of a process that publishes so often: one at once, and what comes shortly after shares the next.</summary>
    public static double Flushes(double appendsASecond) => appendsASecond / (1 + (appendsASecond * ChangeFeedWriter.FlushInterval.TotalSeconds));

    /// <returns>The newest row; the one before it, when a poll comes shortly after the turn of a slice; and of all polls a full one's.</returns>
    private static double[] RowsAPoll(double flushesASecond, TimeSpan interval)
    {
        if (flushesASecond == 0)
            return [0, 0, 0];

        // What was written last is asked for until the service's time, in whole seconds, is well after it.
        const double DateError = 1.5;
        var slice = ChangeFeedRow.Slice.TotalSeconds;
        var window = (interval + ChangeFeedReader.Overlap).TotalSeconds;
        var newest = Any(window + DateError);
        var parts = Math.Min(1, window / slice) * 2 * (1 - (Any(window) / (flushesASecond * window)));
        var before = Math.Max(0, parts + ((1 - Math.Min(1, window / slice)) * Any(window)) - Any(window));
        var full = ((ChangeFeedReader.PollsToFullPoll * interval) + ChangeFeedReader.MaxClockStep + ChangeFeedReader.Overlap).TotalSeconds / slice * Any(slice);
        return [newest, before, Math.Max(0, full - newest) / ChangeFeedReader.PollsToFullPoll];

        double Any(double seconds) => 1 - Math.Exp(-flushesASecond * seconds);
    }
}
