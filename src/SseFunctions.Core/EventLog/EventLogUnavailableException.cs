namespace SseFunctions.EventLog;

/// <summary>
/// The table could not be read or written, for a reason that may pass. After a failed append the events may have been
/// written all the same; a repeat with the same idempotency key finds out.
/// </summary>
public class EventLogUnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The fault of a single request; null where several requests leave open what was written.</summary>
    internal StorageFault? Fault { get; init; }
}
