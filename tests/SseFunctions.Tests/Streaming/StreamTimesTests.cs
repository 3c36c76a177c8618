using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using SseFunctions.Streaming;

namespace SseFunctions.Tests.Streaming;

public class StreamTimesTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Property(MaxTest = 2000)]
    public Property Draw_stays_clear_of_every_limit() => Prop.ForAll(
        Seconds(1, 1000),
        Gen.OneOf(Gen.Constant<TimeSpan?>(null), Seconds(1, 1000).Generator.Select(time => (TimeSpan?)time)).Two().ToArbitrary(),
        (configured, limits) =>
        {
            var (functionTimeout, accessLeft) = limits;

            var lifetime = StreamLifetime.Draw(configured, functionTimeout, accessLeft);

            Assert.True(lifetime.Planned >= TimeSpan.Zero);
            Assert.True(lifetime.Planned <= configured);
            foreach (var limit in new[] { StreamLifetime.FrontEndLimit, functionTimeout, accessLeft }.OfType<TimeSpan>().Where(limit => limit >= 2 * StreamLifetime.Margin))
                Assert.True(lifetime.Planned <= limit - StreamLifetime.Margin && lifetime.Limit <= limit);
        });

    /// <summary>A token may be so short; its stream has half of the time, and the rest for its last write.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(10)]
    public void Draw_leaves_some_time_to_live_however_short_the_limit(int seconds)
    {
        var lifetime = StreamLifetime.Draw(60 * Second, null, seconds * Second);

        Assert.InRange(lifetime.Planned, StreamLifetime.MinShare * seconds * Second / 2, seconds * Second / 2);
        Assert.Equal(seconds * Second, lifetime.Limit);
    }

    [Fact]
    public void Draw_spreads_lifetimes_over_the_last_fifth()
    {
        var drawn = Enumerable.Range(0, 1000).Select(_ => StreamLifetime.Draw(100 * Second, null, null).Planned).ToList();

        Assert.All(drawn, planned => Assert.InRange(planned, 80 * Second, 100 * Second));
        Assert.True(drawn.Min() < 84 * Second && drawn.Max() > 96 * Second);
    }

    [Fact]
    public void ReconnectionTime_spreads_over_half_to_either_side()
    {
        var drawn = Enumerable.Range(0, 1000).Select(_ => ReconnectionTime.Draw(Second)).ToList();
        var stressed = Enumerable.Range(0, 1000).Select(_ => ReconnectionTime.DrawUnderStress(Second)).ToList();

        Assert.All(drawn, time => Assert.InRange(time, 0.5 * Second, 1.5 * Second));
        Assert.True(drawn.Min() < 0.6 * Second && drawn.Max() > 1.4 * Second);
        Assert.All(stressed, time => Assert.InRange(time, 2.5 * Second, 7.5 * Second));
    }

    private static Arbitrary<TimeSpan> Seconds(int min, int max) =>
        Gen.Choose(min, max).Select(seconds => seconds * Second).ToArbitrary();
}
