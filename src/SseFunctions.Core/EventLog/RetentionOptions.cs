using SseFunctions.Configuration;

namespace SseFunctions.EventLog;

/// <summary>The settings <c>Retention__*</c>: an event goes when it passes either limit.</summary>
internal sealed record RetentionOptions
{
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Events of one topic.</summary>
    public long MaxEvents { get; init; } = 100_000;

    public static RetentionOptions Read(SettingsReader reader)
    {
        var defaults = new RetentionOptions();
        return new RetentionOptions
        {
            MaxAge = reader.Duration("Retention:MaxAge", defaults.MaxAge, TimeSpan.FromMinutes(1), TimeSpan.FromDays(3650)),
            MaxEvents = reader.Number("Retention:MaxEvents", defaults.MaxEvents, 1, EventId.MaxSequence),
        };
    }
}
