using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace SseFunctions.Publishing;

/// <summary>Runs tasks on the ticks of their schedules, each task one run at a time, as TimerTriggers would.</summary>
internal sealed partial class TimerService(
    IEnumerable<(TickSchedule Schedule, Func<CancellationToken, Task> Run)> timers,
    TimeProvider time,
    ILogger<TimerService> logger)
    : BackgroundService
{
    /// <summary>A timer measures elapsed time, and a tick is a time of day: the clock may be set while a timer waits.</summary>
    private static readonly TimeSpan MaxWait = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(timers.Select(timer => RunOnTicksAsync(timer.Schedule, timer.Run, stoppingToken)));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task RunOnTicksAsync(TickSchedule schedule, Func<CancellationToken, Task> run, CancellationToken stoppingToken)
    {
        while (true)
        {
            await WaitForTickAsync(schedule, stoppingToken);
            await RunAsync(run, stoppingToken);
        }
    }

    private async Task WaitForTickAsync(TickSchedule schedule, CancellationToken stoppingToken)
    {
        var start = time.GetUtcNow();
        while (true)
        {
            var now = time.GetUtcNow();
            start = now < start ? now : start; // set back: the next tick comes sooner
            var left = schedule.NextAfter(start) - now;
            if (left <= TimeSpan.Zero)
                return;

            await Task.Delay(left < MaxWait ? left : MaxWait, time, stoppingToken);
        }
    }

    private async Task RunAsync(Func<CancellationToken, Task> run, CancellationToken stoppingToken)
    {
        try
        {
            await run(stoppingToken);
        }
        catch (Exception ex) when (!stoppingToken.IsCancellationRequested)
        {
            LogRunFailed(ex); // as in the Functions host, the next tick comes all the same
        }
    }

    [LoggerMessage(EventId = 202, Level = LogLevel.Error, Message = "A timer's run failed")]
    private partial void LogRunFailed(Exception ex);
}
