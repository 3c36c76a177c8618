using SseFunctions.Configuration;

namespace SseFunctions.EventLog;

/// <summary>A topic's own retention.</summary>
/// <param name="MaxAge">How long events are kept, 1 minute to 3,650 days; null for Retention__MaxAge.</param>
/// <param name="MaxEvents">How many events are kept, 1 to 2,821,109,907,455; null for Retention__MaxEvents.</param>
internal sealed record TopicRetention(TimeSpan? MaxAge = null, long? MaxEvents = null)
{
    public static readonly TimeSpan MinAge = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan LimitOfAge = TimeSpan.FromDays(3650);

    /// <exception cref="InvalidInputException">A value is outside its range.</exception>
    public void Validate()
    {
        if (MaxAge < MinAge || MaxAge > LimitOfAge)
            throw new InvalidInputException("maxAge", $"maxAge is {DurationText.From(MaxAge.Value)}; {DurationText.From(MinAge)} to {DurationText.From(LimitOfAge)} are allowed.");

        if (MaxEvents is < 1 or > EventId.MaxSequence)
            throw new InvalidInputException("maxEvents", $"maxEvents is {MaxEvents}; 1 to {EventId.MaxSequence} are allowed.", EventId.MaxSequence, MaxEvents, MaxEvents > EventId.MaxSequence);
    }
}
