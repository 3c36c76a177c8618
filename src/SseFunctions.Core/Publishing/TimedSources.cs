using System.Globalization;
using Microsoft.Extensions.Logging;
using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>Publishes the ticks of all timed sources: what their TimerTriggers, or the timers of this process, call.</summary>
public sealed partial class TimedSources
{
    private readonly List<(ITimedSource Source, Topic Topic, TickSchedule Schedule)> sources;
    private readonly TableEventLog log;
    private readonly TimeProvider time;
    private readonly ILogger logger;

    /// <exception cref="FormatException">A source's topic is no topic's name.</exception>
    internal TimedSources(IEnumerable<ITimedSource> sources, Func<ITimedSource, TickSchedule> scheduleOf, TableEventLog log, TimeProvider time, ILogger<TimedSources> logger)
    {
        this.sources = [.. sources.Select(source => (source, Topic.Parse(source.Topic), scheduleOf(source)))];
        (this.log, this.time, this.logger) = (log, time, logger);
    }

    /// <summary>Publishes the current tick of a source. Running it again does no harm. When storage is down the tick is left out.</summary>
    /// <typeparam name="TSource">A source that was registered with AddTimedSource.</typeparam>
    public Task TickAsync<TSource>(CancellationToken cancellationToken)
        where TSource : ITimedSource
    {
        var (source, topic, schedule) = sources.Single(registered => registered.Source is TSource);
        return TickAsync(source, topic, schedule, cancellationToken);
    }

    /// <summary>The timers of the sources that tick in each process, or of those of which one process publishes a tick.</summary>
    internal IEnumerable<(TickSchedule Schedule, Func<CancellationToken, Task> Run)> Timers(bool perProcess) =>
        from registered in sources
        where registered.Source.IsPerProcess == perProcess
        select (registered.Schedule, (Func<CancellationToken, Task>)(stop => TickAsync(registered.Source, registered.Topic, registered.Schedule, stop)));

    private async Task TickAsync(ITimedSource source, Topic topic, TickSchedule schedule, CancellationToken cancellationToken)
    {
        var tick = schedule.TickAt(time.GetUtcNow());
        var name = tick.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        try
        {
            if (await source.ReadAsync(tick, cancellationToken) is not { } sseEvent)
                return;

            var result = await log.AppendAsync(topic, [sseEvent.ToNewEvent()], KeyOf(source, topic, name), cancellationToken);
            if (result.Outcome == AppendOutcome.TopicComplete)
                LogTopicComplete(topic);
            else if (result.Outcome == AppendOutcome.KeyReused)
                LogTickReadAgain(topic, name);
        }
        catch (EventLogUnavailableException ex)
        {
            LogTickLost(topic, name, ex.Message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host stops: no failure of this run.
        }
    }

    /// <summary>
    /// A used key means that the tick is published already. The key holds spaces, which no publisher's key has, and the source's
    /// name, so that two sources may share a topic. A source that ticks in each process has no keys: only its own timer publishes
    /// its ticks, and after the clock was set back it must not be silent until the old time comes again.
    /// </summary>
    private static string? KeyOf(ITimedSource source, Topic topic, string tick) =>
        source.IsPerProcess ? null : $"{topic} {source.GetType().FullName} {tick}";

    [LoggerMessage(EventId = 201, Level = LogLevel.Warning, Message = "Tick {Tick} of topic {Topic} was not published: {Fault}")]
    private partial void LogTickLost(Topic topic, string tick, string fault);

    [LoggerMessage(EventId = 203, Level = LogLevel.Information, Message = "Topic {Topic} is complete: its timed source publishes no more.")]
    private partial void LogTopicComplete(Topic topic);

    [LoggerMessage(EventId = 205, Level = LogLevel.Information, Message = "Tick {Tick} of topic {Topic} ran again and read something else: the first reading is published.")]
    private partial void LogTickReadAgain(Topic topic, string tick);
}
