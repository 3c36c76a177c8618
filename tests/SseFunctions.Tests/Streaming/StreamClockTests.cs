using Microsoft.Extensions.Time.Testing;
using SseFunctions.Streaming;

namespace SseFunctions.Tests.Streaming;

public class StreamClockTests
{
    [Fact]
    public void Timer_fires_at_its_time_when_some_passes_while_it_is_set()
    {
        var (time, hasFired) = (new FakeTimeProvider(), false);
        var clock = new StreamClock(time);
        using var timer = new SlowToSet(time, time.CreateTimer(_ => hasFired = true, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan));

        clock.Set(timer, TimeSpan.FromSeconds(10));

        time.Advance(TimeSpan.FromSeconds(4));
        Assert.False(hasFired);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(hasFired);
    }

    /// <summary>Five seconds pass when it is set for the first time.</summary>
    private sealed class SlowToSet(FakeTimeProvider time, ITimer timer) : ITimer
    {
        private bool isSet;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (!isSet)
                time.Advance(TimeSpan.FromSeconds(5));

            isSet = true;
            return timer.Change(dueTime, period);
        }

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
