using Microsoft.Azure.Functions.Worker;
using SseFunctions.Api;
using SseFunctions.EventLog;
using SseFunctions.Publishing;

namespace SseFunctions.Triggers;

/// <summary>The timers.</summary>
public class TimerFunctions(TimedSources sources, RetentionSweep retention)
{
    /// <summary>Publishes the time, where the app has the clock.</summary>
    [Function(FunctionNames.Clock)]
    public Task ClockAsync([TimerTrigger($"%{Routes.ClockSchedule}%")] TimerInfo timer, CancellationToken cancellationToken) =>
        sources.TickAsync<ClockSource>(cancellationToken);

    /// <summary>Removes old events, where the app has a schedule for it.</summary>
    [Function(FunctionNames.Retention)]
    public Task RetentionAsync([TimerTrigger($"%{Routes.RetentionSchedule}%")] TimerInfo timer, CancellationToken cancellationToken) =>
        retention.RunAsync(cancellationToken);
}
