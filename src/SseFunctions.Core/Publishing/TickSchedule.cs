using NCrontab;
using SseFunctions.Configuration;

namespace SseFunctions.Publishing;

/// <summary>
/// An NCRONTAB expression with six fields, seconds first, in UTC: what a TimerTrigger takes,
/// learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions.
/// </summary>
internal sealed class TickSchedule
{
    /// <summary>A timer may fire a little before its tick by this process's clock.</summary>
    private static readonly TimeSpan Early = TimeSpan.FromMilliseconds(250);

    /// <summary>How far back to look for the last tick: in growing steps, since the last tick of most schedules is close.</summary>
    private static readonly TimeSpan[] LookBack =
        [TimeSpan.FromMinutes(1), TimeSpan.FromHours(1), TimeSpan.FromDays(1), TimeSpan.FromDays(32), TimeSpan.FromDays(4 * 366)];

    private readonly CrontabSchedule schedule;

    private TickSchedule(CrontabSchedule schedule) => this.schedule = schedule;

    /// <returns>Null when the text is no such expression.</returns>
    public static TickSchedule? TryParse(string text)
    {
        var parsed = CrontabSchedule.TryParse(text, new CrontabSchedule.ParseOptions { IncludingSeconds = true });
        return parsed is null ? null : new TickSchedule(parsed);
    }

    /// <summary>The schedule that is set, or the default.</summary>
    public static TickSchedule Read(SettingsReader reader, string key, string fallback) =>
        TryParse(reader.Text(key, fallback, $"an NCRONTAB expression of six fields, such as '{fallback}'", text => TryParse(text) is not null)!)!;

    /// <summary>The tick that a timer run at this moment is for: two runs of one tick get the same.</summary>
    public DateTimeOffset TickAt(DateTimeOffset now)
    {
        // NCrontab's start and end are exclusive.
        var end = (now + Early).UtcDateTime.AddTicks(1);
        foreach (var step in LookBack)
        {
            DateTime? last = null;
            foreach (var tick in schedule.GetNextOccurrences(end - step, end))
                last = tick;

            if (last is not null)
                return new DateTimeOffset(last.Value, TimeSpan.Zero);
        }

        return now;
    }

    /// <summary>The first tick after a moment.</summary>
    public DateTimeOffset NextAfter(DateTimeOffset moment) => new(schedule.GetNextOccurrence(moment.UtcDateTime), TimeSpan.Zero);
}
