namespace SseFunctions.Publishing;

/// <summary>How <see cref="IEventPublisher.PublishStreamAsync"/> publishes.</summary>
public sealed record PublishStreamOptions
{
    /// <summary>From the first event of a transaction to when it is written; zero writes each as soon as the one before it is done. 0 to 10 s, 50 ms by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is outside its range.</exception>
    public TimeSpan FlushInterval
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxFlushInterval);
            field = value;
        }
    } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// The data of the event "error" that ends the topic when the source fails or is stopped; what readers parse. Null, the default,
    /// for <c>{"reason":"failed"}</c>, "cancelled", "stopping" or "storage".
    /// </summary>
    public string? ErrorData { get; init; }

    private static readonly TimeSpan MaxFlushInterval = TimeSpan.FromSeconds(10);
}
