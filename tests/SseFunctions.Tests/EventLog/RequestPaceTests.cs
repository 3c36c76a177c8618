using SseFunctions.EventLog;

namespace SseFunctions.Tests.EventLog;

public class RequestPaceTests
{
    private static readonly TimeSpan Min = TimeSpan.FromSeconds(0.1);
    private static readonly TimeSpan Max = TimeSpan.FromSeconds(2);

    [Fact]
    public void Rate_falls_to_seven_tenths_with_each_failure_down_to_its_minimum()
    {
        var pace = new RequestPace(Min, Max);
        pace.Answered();
        Assert.Equal(Min, pace.Interval);

        pace.Failed();
        Assert.Equal(0.1 / 0.7, pace.Interval.TotalSeconds, 6);
        pace.Failed();
        Assert.Equal(0.1 / 0.49, pace.Interval.TotalSeconds, 6);
        for (var i = 0; i < 20; i++)
            pace.Failed();

        Assert.Equal(Max, pace.Interval);
    }

    [Fact]
    public void Rate_rises_evenly_over_a_minute()
    {
        var pace = new RequestPace(Min, Max);
        for (var i = 0; i < 20; i++)
            pace.Failed();

        var (half, passed) = (TimeSpan.Zero, TimeSpan.Zero);
        while (pace.Interval > Min)
        {
            passed += pace.Interval;
            half = pace.Interval > 2 * Min ? passed : half;
            pace.Answered();
        }

        Assert.InRange(passed.TotalSeconds, 52, 62);
        Assert.InRange(half / passed, 0.4, 0.55);
    }

    [Fact]
    public void Interval_that_is_set_longer_than_the_maximum_stays_as_it_is()
    {
        var pace = new RequestPace(TimeSpan.FromMinutes(1), Max);
        pace.Failed();
        Assert.Equal(TimeSpan.FromMinutes(1), pace.Interval);
        pace.Answered();
        Assert.Equal(TimeSpan.FromMinutes(1), pace.Interval);
    }
}
