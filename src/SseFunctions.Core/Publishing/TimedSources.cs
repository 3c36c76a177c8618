using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>All timed sources: what their TimerTriggers call.</summary>
public sealed class TimedSources
{
    private readonly List<TimedSource> sources;

    /// <exception cref="FormatException">A source's topic or schedule is none.</exception>
    internal TimedSources(IEnumerable<ITimedSource> sources, IConfiguration configuration, TableEventLog log, TimeProvider time, ILogger<TimedSources> logger) =>
        this.sources = [.. sources.Select(source => new TimedSource(source, ScheduleOf(source, configuration), log, time, logger))];

    /// <summary>Those of which a tick is published once for all processes.</summary>
    internal IEnumerable<TimedSource> Shared => sources.Where(source => !source.Source.IsPerProcess);

    /// <summary>Those of which each process publishes ticks of its own.</summary>
    internal IEnumerable<TimedSource> PerProcess => sources.Where(source => source.Source.IsPerProcess);

    /// <summary>Publishes the current tick of a source. Running it again does no harm.</summary>
    /// <typeparam name="TSource">A source that was registered with AddTimedSource.</typeparam>
    public Task TickAsync<TSource>(CancellationToken cancellationToken)
        where TSource : ITimedSource =>
        sources.Single(source => source.Source is TSource).TickAsync(cancellationToken);

    private static TickSchedule ScheduleOf(ITimedSource source, IConfiguration configuration)
    {
        // App settings separate sections by "__" in environment variables.
        var text = configuration[source.ScheduleSetting.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal)] is { Length: > 0 } set ? set : source.DefaultSchedule;
        return TickSchedule.TryParse(text) ?? throw new FormatException($"{source.ScheduleSetting} is '{text}'; allowed is an NCRONTAB expression of six fields, such as '{source.DefaultSchedule}'.");
    }
}
