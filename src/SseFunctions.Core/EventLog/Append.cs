namespace SseFunctions.EventLog;

/// <summary>What a publisher asks for: all of these events or none, once.</summary>
/// <param name="Events">1 to <see cref="AppendLimits.MaxEvents"/>.</param>
internal sealed record Append(IReadOnlyList<NewEvent> Events)
{
    /// <summary>A second append of the same events with the same key answers with the first one's ids; of other events, it is refused.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Whether these are the topic's last events: the same transaction ends the topic.</summary>
    public bool CompletesTopic { get; init; }

    /// <summary>How long it is tried, counted from when it comes, its time in the queue included.</summary>
    public TimeSpan Timeout { get; init; } = RetryBudget.WriteTimeout;

    /// <exception cref="InvalidInputException">An event or their sum is over its limit.</exception>
    public void Validate()
    {
        const int MaxEvents = AppendLimits.MaxEvents;
        if (Events.Count is 0 or > MaxEvents)
            throw new InvalidInputException("events", $"an append has {Events.Count} events; 1 to {MaxEvents} are allowed.", MaxEvents, Events.Count, Events.Count > MaxEvents);

        foreach (var newEvent in Events)
            newEvent.Validate();

        var size = Events.Sum(newEvent => (long)newEvent.Data.Length);
        if (size > AppendLimits.MaxAppendBytes)
            throw new InvalidInputException("data", $"an append has {size} bytes of data; {AppendLimits.MaxAppendBytes} are allowed.", AppendLimits.MaxAppendBytes, size, tooLarge: true);
    }
}
