using System.Globalization;
using SseFunctions.Publishing;

namespace SseFunctions.Tests.Publishing;

public class TickScheduleTests
{
    [Theory]
    [InlineData("*/5 * * * * *", "2026-11-22T10:00:05.000Z", "2026-11-22T10:00:05Z")]
    [InlineData("*/5 * * * * *", "2026-11-22T10:00:09.700Z", "2026-11-22T10:00:05Z")] // late
    [InlineData("*/5 * * * * *", "2026-11-22T10:00:09.900Z", "2026-11-22T10:00:10Z")] // early
    [InlineData("* * * * * *", "2026-11-22T10:00:09.700Z", "2026-11-22T10:00:09Z")]
    [InlineData("0 7 * * * *", "2026-11-22T10:00:09.700Z", "2026-11-22T09:07:00Z")]
    [InlineData("0 0 0 1 1 *", "2026-11-22T10:00:09.700Z", "2026-01-01T00:00:00Z")]
    [InlineData("0 0 0 29 2 *", "2026-11-22T10:00:09.700Z", "2024-02-29T00:00:00Z")]
    public void TickAt_names_the_tick_that_a_run_is_for(string schedule, string now, string tick) =>
        Assert.Equal(Time(tick), TickSchedule.TryParse(schedule)!.TickAt(Time(now)));

    [Theory]
    [InlineData("")]
    [InlineData("* * * * *")]
    [InlineData("00:00:05")]
    [InlineData("*/5 * * * * * *")]
    [InlineData("99 * * * * *")]
    public void TryParse_refuses_what_is_not_six_fields(string text) => Assert.Null(TickSchedule.TryParse(text));

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
