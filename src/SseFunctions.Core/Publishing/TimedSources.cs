using Microsoft.Extensions.Logging;
using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>All timed sources: what their TimerTriggers call.</summary>
public sealed class TimedSources
{
    private readonly List<TimedSource> sources;

    /// <exception cref="FormatException">A source's topic is no topic's name.</exception>
    internal TimedSources(IEnumerable<ITimedSource> sources, Func<ITimedSource, TickSchedule> scheduleOf, TableEventLog log, TimeProvider time, ILogger<TimedSources> logger) =>
        this.sources = [.. sources.Select(source => new TimedSource(source, scheduleOf(source), log, time, logger))];

    /// <summary>Those of which a tick is published once for all processes.</summary>
    internal IEnumerable<TimedSource> Shared => sources.Where(source => !source.Source.IsPerProcess);

    /// <summary>Those of which each process publishes ticks of its own.</summary>
    internal IEnumerable<TimedSource> PerProcess => sources.Where(source => source.Source.IsPerProcess);

    /// <summary>Publishes the current tick of a source. Running it again does no harm.</summary>
    /// <typeparam name="TSource">A source that was registered with AddTimedSource.</typeparam>
    public Task TickAsync<TSource>(CancellationToken cancellationToken)
        where TSource : ITimedSource =>
        sources.Single(source => source.Source is TSource).TickAsync(cancellationToken);
}
