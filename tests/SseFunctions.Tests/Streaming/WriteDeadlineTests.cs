using Microsoft.Extensions.Time.Testing;
using SseFunctions.Streaming;

namespace SseFunctions.Tests.Streaming;

public sealed class WriteDeadlineTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Timeout = 30 * Second;
    private static readonly TimeSpan Limit = 1000 * Second;

    private readonly FakeTimeProvider time = new();
    private readonly CancellationTokenSource hostStopping = new();
    private readonly WriteDeadline deadline;
    private long acknowledged;
    private int aborts;

    public WriteDeadlineTests() => deadline = Create(time);

    [Fact]
    public void Client_that_takes_nothing_is_cut_off_once_after_the_timeout()
    {
        deadline.Begin();

        time.Advance(Timeout - Second);
        Assert.Equal((0, false), (aborts, deadline.HasPassed));
        time.Advance(2 * Second);
        Assert.Equal((1, true), (aborts, deadline.HasPassed));
        time.Advance(Limit);
        Assert.Equal(1, aborts);
    }

    /// <summary>However little it takes; and once it has stopped, it has the timeout and at most a quarter more.</summary>
    [Fact]
    public void Progress_gives_the_client_its_whole_time_again()
    {
        deadline.Begin();
        for (var i = 0; i < 50; i++)
        {
            acknowledged++;
            time.Advance(10 * Second);
        }

        Assert.Equal(0, aborts);
        time.Advance(Timeout - (10 * Second) - Second);
        Assert.Equal(0, aborts);
        time.Advance((1.25 * Timeout) + Second);
        Assert.Equal(1, aborts);
    }

    [Fact]
    public void No_write_lasts_beyond_the_limit_whatever_its_progress()
    {
        deadline.Begin();
        for (var elapsed = TimeSpan.Zero; elapsed < Limit; elapsed += Second)
        {
            Assert.Equal(0, aborts);
            acknowledged++;
            time.Advance(Second);
        }

        time.Advance(Second);
        Assert.Equal(1, aborts);
    }

    /// <summary>Not that of the write's or the deadline's own beginning: the platform counts from the stream's.</summary>
    [Fact]
    public void Limit_counts_from_the_start_of_the_stream()
    {
        var clock = new StreamClock(time);
        time.Advance(Limit - (10 * Second));
        using var late = Create(clock);
        late.Begin();

        time.Advance(9 * Second);
        Assert.Equal(0, aborts);
        time.Advance(2 * Second);
        Assert.Equal(1, aborts);
    }

    [Fact]
    public void Write_that_has_ended_has_no_deadline_any_more()
    {
        deadline.Begin();
        time.Advance(Timeout - Second);
        deadline.End();

        time.Advance(Limit);

        Assert.Equal((0, false), (aborts, deadline.HasPassed));
    }

    [Fact]
    public void Next_write_has_the_whole_timeout()
    {
        deadline.Begin();
        time.Advance(Timeout - Second);
        deadline.End();
        deadline.Begin();

        time.Advance(Timeout - Second);

        Assert.Equal(0, aborts);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    public void Stopping_host_leaves_a_write_two_seconds_however_long_it_has_waited(int seconds)
    {
        deadline.Begin();
        time.Advance(seconds * Second);
        hostStopping.Cancel();

        time.Advance(1.9 * Second);
        Assert.Equal(0, aborts);
        time.Advance(Second);
        Assert.Equal(1, aborts);
    }

    [Fact]
    public void Write_that_begins_while_the_host_stops_has_two_seconds()
    {
        hostStopping.Cancel();
        deadline.Begin();

        time.Advance(2.5 * Second);

        Assert.Equal(1, aborts);
    }

    [Fact]
    public void Stopping_host_sets_no_deadline_when_no_write_is_under_way()
    {
        deadline.Begin();
        deadline.End();
        hostStopping.Cancel();

        time.Advance(Limit);

        Assert.Equal(0, aborts);
    }

    /// <summary>A timer's callback may be on its way when the timer is disposed, and the connection serve another request by then.</summary>
    [Fact]
    public void Timer_that_fires_after_the_end_of_the_stream_aborts_nothing()
    {
        var late = new LateTimers();
        var disposed = Create(late);
        disposed.Begin();
        late.Now = Limit;
        disposed.Dispose();

        late.Fire();

        Assert.Equal(0, aborts);
    }

    public void Dispose()
    {
        deadline.Dispose();
        hostStopping.Dispose();
    }

    private WriteDeadline Create(TimeProvider provider) => Create(new StreamClock(provider));

    private WriteDeadline Create(StreamClock clock) =>
        new(Timeout, Limit, clock, () => acknowledged, () => aborts++, hostStopping.Token);

    /// <summary>Timers that fire when the test says so, disposed or not.</summary>
    private sealed class LateTimers : TimeProvider
    {
        private Action? callback;

        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            this.callback = () => callback(state);
            return new Timer();
        }

        public void Fire() => callback!();

        private sealed class Timer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
