using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>Writes the time to topic "clock" on each tick of ClockSchedule, once however many instances run the tick.</summary>
public sealed partial class ClockSource
{
    internal static readonly Topic Topic = Topic.Parse("clock");

    private readonly TableEventLog log;
    private readonly TickSchedule schedule;
    private readonly TimeProvider time;
    private readonly ILogger<ClockSource> logger;

    internal ClockSource(TableEventLog log, TickSchedule schedule, TimeProvider time, ILogger<ClockSource> logger) =>
        (this.log, this.schedule, this.time, this.logger) = (log, schedule, time, logger);

    /// <summary>Publishes the current tick: its UTC time, ISO 8601. When storage is down the tick is left out.</summary>
    public async Task TickAsync(CancellationToken cancellationToken)
    {
        var tick = schedule.TickAt(time.GetUtcNow()).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        try
        {
            var tickEvent = new NewEvent(null, Encoding.UTF8.GetBytes(tick));
            await log.AppendAsync(Topic, [tickEvent], idempotencyKey: $"clock {tick}", cancellationToken);
        }
        catch (EventLogUnavailableException fault)
        {
            LogTickLost(tick, fault.Message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host stops: no failure of this run.
        }
    }

    [LoggerMessage(EventId = 201, Level = LogLevel.Warning, Message = "The clock's tick {Tick} was not published: {Fault}")]
    private partial void LogTickLost(string tick, string fault);
}
