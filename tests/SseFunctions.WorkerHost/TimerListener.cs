using System.Globalization;
using NCrontab;
using SseFunctions.WorkerHost.Rpc;

namespace SseFunctions.WorkerHost;

/// <summary>Runs a timer function at each tick of its schedule, one run after the other.</summary>
internal sealed class TimerListener : IAsyncDisposable
{
    /// <summary>Less than the 49 days that a timer takes at most.</summary>
    private static readonly TimeSpan MaxDelay = TimeSpan.FromDays(1);

    private static readonly TypedData Input = new() { Json = """{"Schedule":{"AdjustForDST":true},"ScheduleStatus":null,"IsPastDue":false}""" };

    private readonly CrontabSchedule schedule;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource stop = new();
    private readonly Task listening;

    /// <param name="function">A timer function.</param>
    /// <param name="settings">Where its schedule stands, if it names a setting.</param>
    /// <param name="time">By which it ticks.</param>
    /// <param name="run">Runs it.</param>
    public TimerListener(
        FunctionDefinition function,
        IReadOnlyDictionary<string, string> settings,
        TimeProvider time,
        Func<IReadOnlyDictionary<string, string>, TypedData, Task> run)
    {
        this.time = time;
        var expression = function.Trigger.Schedule!;
        if (expression.StartsWith('%'))
            expression = settings[expression.Trim('%').Replace(":", "__", StringComparison.Ordinal)];

        schedule = CrontabSchedule.Parse(expression, new CrontabSchedule.ParseOptions { IncludingSeconds = true });
        listening = ListenAsync(run);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAny(listening); // a worker that cannot be had any more has failed the test already
        stop.Dispose();
    }

    private async Task ListenAsync(Func<IReadOnlyDictionary<string, string>, TypedData, Task> run)
    {
        try
        {
            while (true)
            {
                var tick = schedule.GetNextOccurrence(time.GetUtcNow().UtcDateTime);
                while (tick - time.GetUtcNow().UtcDateTime is { Ticks: > 0 } left)
                    await Task.Delay(left < MaxDelay ? left : MaxDelay, time, stop.Token);

                await run(new Dictionary<string, string> { ["TimerTrigger"] = tick.ToString(CultureInfo.InvariantCulture) }, Input);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The host stops.
        }
    }
}
