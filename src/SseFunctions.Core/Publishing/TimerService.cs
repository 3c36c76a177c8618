using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace SseFunctions.Publishing;

/// <summary>Runs a task on each tick of a schedule, one run at a time, as a TimerTrigger would.</summary>
internal sealed partial class TimerService(TickSchedule schedule, Func<CancellationToken, Task> run, TimeProvider time, ILogger<TimerService> logger)
    : BackgroundService
{
    /// <summary>Timers cannot wait for longer than 49 days; a schedule can.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await WaitUntilAsync(schedule.NextAfter(time.GetUtcNow()), stoppingToken);
                await RunAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task WaitUntilAsync(DateTimeOffset tick, CancellationToken stoppingToken)
    {
        while (tick - time.GetUtcNow() is var left && left > TimeSpan.Zero)
            await Task.Delay(left < LongestWait ? left : LongestWait, time, stoppingToken);
    }

    private async Task RunAsync(CancellationToken stoppingToken)
    {
        try
        {
            await run(stoppingToken);
        }
        catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
        {
            LogRunFailed(fault); // as in the Functions host, the next tick comes all the same
        }
    }

    [LoggerMessage(EventId = 202, Level = LogLevel.Error, Message = "A timer's run failed")]
    private partial void LogRunFailed(Exception fault);
}
