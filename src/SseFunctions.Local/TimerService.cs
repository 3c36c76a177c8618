using SseFunctions.Publishing;

namespace SseFunctions.Local;

/// <summary>Runs a task on each tick of a schedule, one run at a time, as a TimerTrigger would.</summary>
internal sealed class TimerService(TickSchedule schedule, Func<CancellationToken, Task> run, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                var now = time.GetUtcNow();
                await Task.Delay(schedule.NextAfter(now) - now, time, stoppingToken);
                await run(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }
}
