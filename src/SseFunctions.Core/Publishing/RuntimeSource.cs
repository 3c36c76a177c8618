using System.Text.Json;

namespace SseFunctions.Publishing;

/// <summary>
/// The state of each process, on topic "runtime": <c>{"instance","time","streams","memoryBytes","cpuPercent"}</c>. Each process
/// has a timer of its own for it: a TimerTrigger would tick on one instance only, on some plans on one without streams.
/// </summary>
/// <param name="openStreams">How many streams the process holds open.</param>
internal sealed class RuntimeSource(Func<int> openStreams, TimeProvider time) : ITimedSource
{
    public const string Setting = "RuntimeSchedule";

    /// <summary>8 hex digits, drawn anew by each process: readers must not learn the machine's name.</summary>
    private readonly string instance = Guid.NewGuid().ToString("N")[..8];

    private readonly Lock gate = new();
    private TimeSpan cpuBefore = Environment.CpuUsage.TotalTime;
    private long timeBefore = time.GetTimestamp();

    public string Topic => "runtime";

    public string ScheduleSetting => Setting;

    public string DefaultSchedule => ClockSource.EveryFiveSeconds;

    public bool IsPerProcess => true;

    public ValueTask<SseEvent?> ReadAsync(DateTimeOffset tick, CancellationToken cancellationToken)
    {
        var state = new RuntimeState(instance, tick.UtcDateTime, openStreams(), Environment.WorkingSet, CpuPercent());
        return new(new SseEvent(JsonSerializer.Serialize(state, JsonSerializerOptions.Web)));
    }

    /// <summary>Of all processors, since the last reading.</summary>
    private double CpuPercent()
    {
        lock (gate)
        {
            var (cpu, now) = (Environment.CpuUsage.TotalTime, time.GetTimestamp());
            var elapsed = time.GetElapsedTime(timeBefore, now);
            var percent = elapsed > TimeSpan.Zero ? 100 * ((cpu - cpuBefore) / elapsed) / Environment.ProcessorCount : 0;
            (cpuBefore, timeBefore) = (cpu, now);
            return Math.Round(Math.Clamp(percent, 0, 100), 1);
        }
    }
}
