using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Publishing;

/// <summary>A clock that can be set, which leaves timers alone: they measure the time that passes.</summary>
internal sealed class SetClock(DateTimeOffset start) : TimeProvider
{
    private readonly FakeTimeProvider passing = new(start);
    private readonly Channel<TimeSpan> waits = Channel.CreateUnbounded<TimeSpan>();
    private TimeSpan offset;

    public override DateTimeOffset GetUtcNow() => passing.GetUtcNow() + offset;

    public override long GetTimestamp() => passing.GetTimestamp();

    public override long TimestampFrequency => passing.TimestampFrequency;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = passing.CreateTimer(callback, state, dueTime, period);
        waits.Writer.TryWrite(dueTime);
        return timer;
    }

    public void Set(TimeSpan by) => offset += by;

    public void Advance(TimeSpan time) => passing.Advance(time);

    /// <summary>Returns once for each wait that has begun.</summary>
    public Task WaitingAsync() => waits.Reader.ReadAsync().AsTask().WaitAsync(SseStream.Timeout);
}
