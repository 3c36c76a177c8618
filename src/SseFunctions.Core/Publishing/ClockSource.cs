using System.Globalization;

namespace SseFunctions.Publishing;

/// <summary>The time of each tick, ISO 8601 in UTC, on topic "clock".</summary>
internal sealed class ClockSource : ITimedSource
{
    public const string Setting = "ClockSchedule";

    public const string EveryFiveSeconds = "*/5 * * * * *";

    public string Topic => "clock";

    public string ScheduleSetting => Setting;

    public string DefaultSchedule => EveryFiveSeconds;

    public ValueTask<SseEvent?> ReadAsync(DateTimeOffset tick, CancellationToken cancellationToken) =>
        new(new SseEvent(tick.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)));
}
