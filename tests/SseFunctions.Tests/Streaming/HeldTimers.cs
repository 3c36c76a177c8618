using System.Threading.Channels;

namespace SseFunctions.Tests.Streaming;

/// <summary>A clock that stands still, and timers that fire when the test says so. For code that has one timer.</summary>
internal sealed class HeldTimers : TimeProvider
{
    private readonly Channel<TimeSpan> armed = Channel.CreateUnbounded<TimeSpan>();
    private TimerCallback? fire;
    private TimeSpan now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => now.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        fire = _ => callback(state);
        return new Timer(this);
    }

    /// <summary>For how long the timer is set, once it is.</summary>
    public async Task<TimeSpan> ArmedAsync() => await armed.Reader.ReadAsync().AsTask().WaitAsync(TestSupport.SseStream.Timeout);

    /// <summary>Lets so much time pass, and fires.</summary>
    public void Pass(TimeSpan duration)
    {
        now += duration;
        fire!(null);
    }

    private sealed class Timer(HeldTimers owner) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => owner.armed.Writer.TryWrite(dueTime);

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
