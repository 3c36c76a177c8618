using System.Net.Http.Json;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using SseFunctions.Publishing;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Publishing;

public class TimerServiceTests
{
    [Fact]
    public async Task Host_runs_its_timers()
    {
        await using var host = await TestHost.StartAsync(["ClockSchedule=* * * * * *", "RetentionSchedule=* * * * * *", "Retention:MaxEvents=2"]);
        await using var clock = await host.OpenAsync("events/clock");
        await host.PublishAsync("a", "1", "2", "3", "4", "5");

        await clock.ReadEventsAsync(1);
        using var guard = new CancellationTokenSource(SseStream.Timeout);
        while ((await host.Client.GetFromJsonAsync<JsonElement>("topics/a", guard.Token)).GetProperty("count").GetInt32() != 2)
            guard.Token.ThrowIfCancellationRequested();
    }

    /// <summary>A timer of the system cannot wait for longer than 49 days.</summary>
    [Fact]
    public async Task ExecuteAsync_waits_for_a_tick_that_is_months_away()
    {
        var time = new SetClock(new DateTimeOffset(2027, 3, 1, 0, 0, 0, TimeSpan.Zero));
        var ticked = new TaskCompletionSource<DateTimeOffset>();
        using var timer = new TimerService(
            [(TickSchedule.TryParse("0 0 0 1 1 *")!, _ =>
            {
                ticked.TrySetResult(time.GetUtcNow());
                return Task.CompletedTask;
            })],
            time,
            NullLogger<TimerService>.Instance);
        await timer.StartAsync(CancellationToken.None);
        await time.WaitingAsync();

        while (!ticked.Task.IsCompleted)
        {
            time.Advance(TimeSpan.FromHours(1));
            await time.WaitingAsync();
        }

        Assert.Equal(new DateTimeOffset(2028, 1, 1, 0, 0, 0, TimeSpan.Zero), await ticked.Task);
        await timer.StopAsync(CancellationToken.None);
    }

    /// <summary>The clock is set back or forward by an hour while a timer waits, as an administrator or a time server does.</summary>
    [Theory]
    [InlineData(-60)]
    [InlineData(60)]
    public async Task ExecuteAsync_ticks_within_a_minute_when_the_clock_is_set(int minutes)
    {
        var time = new SetClock(new DateTimeOffset(2026, 11, 22, 12, 0, 3, TimeSpan.Zero));
        var ticks = Channel.CreateUnbounded<DateTimeOffset>();
        using var timer = new TimerService(
            [(TickSchedule.TryParse("30 * * * * *")!, stop => ticks.Writer.WriteAsync(time.GetUtcNow(), stop).AsTask())], time, NullLogger<TimerService>.Instance);
        await timer.StartAsync(CancellationToken.None);
        await time.WaitingAsync();
        time.Set(TimeSpan.FromMinutes(minutes));
        var set = time.GetUtcNow();

        do
        {
            time.Advance(TimeSpan.FromMinutes(1)); // the timer waits no longer without a look at the clock
            await time.WaitingAsync();
        }
        while (!ticks.Reader.TryPeek(out _));

        Assert.InRange(await ticks.Reader.ReadAsync(), set, set + TimeSpan.FromMinutes(2));
        await timer.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task ExecuteAsync_goes_on_when_a_run_fails()
    {
        var runs = 0;
        var twice = new TaskCompletionSource();
        using var timer = new TimerService(
            [(TickSchedule.TryParse("* * * * * *")!, _ =>
            {
                if (Interlocked.Increment(ref runs) == 2)
                    twice.SetResult();

                throw new NotSupportedException();
            })],
            TimeProvider.System,
            NullLogger<TimerService>.Instance);

        await timer.StartAsync(CancellationToken.None);
        await twice.Task.WaitAsync(SseStream.Timeout);
        await timer.StopAsync(CancellationToken.None);
    }
}
