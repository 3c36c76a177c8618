namespace SseFunctions.EventLog;

/// <summary>The settings <c>Retention__*</c>: an event goes when either limit is passed.</summary>
internal sealed record RetentionOptions
{
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Events of one topic.</summary>
    public long MaxEvents { get; init; } = 100_000;
}
