using System.Globalization;
using Microsoft.Extensions.Logging;
using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>A timed source with its schedule: publishes a tick once, however often and on however many instances it runs.</summary>
internal sealed partial class TimedSource
{
    /// <summary>Names this process in keys.</summary>
    private static readonly string Process = Guid.NewGuid().ToString("N");

    private readonly ITimedSource source;
    private readonly Topic topic;
    private readonly TableEventLog log;
    private readonly TimeProvider time;
    private readonly ILogger logger;

    /// <exception cref="FormatException">The source's topic is no topic's name.</exception>
    public TimedSource(ITimedSource source, TickSchedule schedule, TableEventLog log, TimeProvider time, ILogger logger)
    {
        (this.source, topic, Schedule) = (source, EventLog.Topic.Parse(source.Topic), schedule);
        (this.log, this.time, this.logger) = (log, time, logger);
    }

    public ITimedSource Source => source;

    public TickSchedule Schedule { get; }

    /// <summary>Publishes the current tick. When storage is down the tick is left out.</summary>
    public async Task TickAsync(CancellationToken cancellationToken)
    {
        var tick = Schedule.TickAt(time.GetUtcNow());
        var name = tick.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        try
        {
            if (await source.ReadAsync(tick, cancellationToken) is not { } sseEvent)
                return;

            // With spaces, which no publisher's key has. A used key means that the tick is there already; by the source's
            // name it is this source's, and not that of another on the same topic.
            var key = $"{topic} {source.GetType().FullName} {name}" + (source.IsPerProcess ? $" {Process}" : "");
            var result = await log.AppendAsync(topic, [EventPublisher.ToNewEvent(sseEvent)], key, cancellationToken);
            if (result.Outcome == AppendOutcome.TopicComplete)
                LogTopicComplete(topic);
            else if (result.Outcome == AppendOutcome.KeyReused)
                LogTickReadAgain(topic, name);
        }
        catch (EventLogUnavailableException fault)
        {
            LogTickLost(topic, name, fault.Message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host stops: no failure of this run.
        }
    }

    [LoggerMessage(EventId = 201, Level = LogLevel.Warning, Message = "Tick {Tick} of topic {Topic} was not published: {Fault}")]
    private partial void LogTickLost(Topic topic, string tick, string fault);

    [LoggerMessage(EventId = 203, Level = LogLevel.Information, Message = "Topic {Topic} is complete: its timed source publishes no more.")]
    private partial void LogTopicComplete(Topic topic);

    [LoggerMessage(EventId = 205, Level = LogLevel.Information, Message = "Tick {Tick} of topic {Topic} ran again and read something else: what was read first is published.")]
    private partial void LogTickReadAgain(Topic topic, string tick);
}
