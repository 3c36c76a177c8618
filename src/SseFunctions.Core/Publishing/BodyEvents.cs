using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>What every body's reader checks of the events that it finds.</summary>
internal static class BodyEvents
{
    /// <exception cref="InvalidInputException">The body has more events than an append may have.</exception>
    public static void RequireCount(int events)
    {
        if (events > AppendLimits.MaxEvents)
            throw new InvalidInputException("events", $"the body has {events} events; {AppendLimits.MaxEvents} are allowed.", AppendLimits.MaxEvents, events, tooLarge: true);
    }

    /// <summary>Checks one event of several.</summary>
    /// <param name="place">Where it stands in the body, such as "line 3".</param>
    /// <exception cref="InvalidInputException">Its type or its data is outside its limits; the message names the place.</exception>
    public static NewEvent Require(NewEvent newEvent, string place)
    {
        try
        {
            newEvent.Validate();
            return newEvent;
        }
        catch (InvalidInputException ex)
        {
            throw new InvalidInputException(ex.Field, $"{place}: {ex.Message}", ex.Limit, ex.Size, ex.TooLarge);
        }
    }
}
