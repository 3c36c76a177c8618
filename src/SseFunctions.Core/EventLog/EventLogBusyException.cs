namespace SseFunctions.EventLog;

/// <summary>More appends to the topic wait than it will take on; this one was not taken on, and nothing of it is written.</summary>
public sealed class EventLogBusyException(string message) : EventLogUnavailableException(message);
