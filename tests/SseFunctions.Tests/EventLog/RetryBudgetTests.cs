using Azure;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.EventLog;

namespace SseFunctions.Tests.EventLog;

public sealed class RetryBudgetTests
{
    private const int Delays = 30;

    [Theory]
    [InlineData(409, 80)]
    [InlineData(412, 80)]
    [InlineData(500, 1000)]
    public async Task DelayOrThrowAsync_grows_to_its_maximum_and_no_further(int status, int max)
    {
        var time = new Pausing();
        var retry = new RetryBudget(TimeSpan.FromHours(1), time);

        for (var i = 0; i < Delays; i++)
            await retry.DelayOrThrowAsync(StorageFault.Unavailable(new RequestFailedException(status, "A fault.")), CancellationToken.None);

        // Drawn at random: that all are below an eighth of the maximum happens once in 10^20 runs.
        Assert.InRange(time.MaxDelay.TotalMilliseconds, max / 8, max);
    }

    [Fact]
    public async Task DelayOrThrowAsync_gives_up_when_the_time_is_used_up_or_trying_again_cannot_help()
    {
        var time = new FakeTimeProvider();
        var retry = new RetryBudget(TimeSpan.FromSeconds(20), time);
        await Assert.ThrowsAsync<EventLogUnavailableException>(() => retry.DelayOrThrowAsync(StorageFault.Unavailable(new RequestFailedException(403, "A refusal.")), CancellationToken.None));

        time.Advance(TimeSpan.FromSeconds(20));

        Assert.Equal(TimeSpan.Zero, retry.Left);
        await Assert.ThrowsAsync<EventLogUnavailableException>(() => retry.DelayOrThrowAsync(StorageFault.Unavailable(new RequestFailedException(412, "A conflict.")), CancellationToken.None));
    }

    /// <summary>Ends every delay at once.</summary>
    private sealed class Pausing : FakeTimeProvider
    {
        public TimeSpan MaxDelay { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            MaxDelay = dueTime > MaxDelay ? dueTime : MaxDelay;
            Advance(dueTime);
            return timer;
        }
    }
}
