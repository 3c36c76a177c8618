namespace SseFunctions.Publishing;

/// <summary>
/// Publishes an event on each tick of a schedule. To add one: implement this, register it with AddTimedSource, and give it
/// a TimerTrigger that calls <see cref="TimedSources.TickAsync{TSource}"/>. The local host needs no trigger, and no host
/// does where <see cref="IsPerProcess"/> says so.
/// </summary>
public interface ITimedSource
{
    /// <summary>Where it publishes: a topic's name.</summary>
    string Topic { get; }

    /// <summary>The app setting with its NCRONTAB schedule: six fields, UTC.</summary>
    string ScheduleSetting { get; }

    /// <summary>The schedule where the setting is not set; a TimerTrigger needs it set.</summary>
    string DefaultSchedule { get; }

    /// <summary>
    /// Whether each process publishes ticks of its own, on a timer of its own. Otherwise a tick is published once, however
    /// many processes run it.
    /// </summary>
    bool IsPerProcess => false;

    /// <summary>Makes the event of a tick.</summary>
    /// <param name="tick">When the tick was due, UTC.</param>
    /// <param name="cancellationToken">Fires when the host stops.</param>
    /// <returns>Null when there is nothing to publish.</returns>
    ValueTask<SseEvent?> ReadAsync(DateTimeOffset tick, CancellationToken cancellationToken);
}
