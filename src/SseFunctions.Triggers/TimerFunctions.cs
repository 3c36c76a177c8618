using Microsoft.Azure.Functions.Worker;
using SseFunctions.Api;
using SseFunctions.EventLog;
using SseFunctions.Publishing;

namespace SseFunctions.Triggers;

public class TimerFunctions(TimedSources sources, RetentionSweep retention)
{
    [Function(FunctionNames.Clock)]
    public Task ClockAsync([TimerTrigger($"%{Routes.ClockSchedule}%")] TimerInfo timer, CancellationToken cancellationToken) =>
        sources.TickAsync<ClockSource>(cancellationToken);

    [Function(FunctionNames.Retention)]
    public Task RetentionAsync([TimerTrigger($"%{Routes.RetentionSchedule}%")] TimerInfo timer, CancellationToken cancellationToken) =>
        retention.RunAsync(cancellationToken);
}
