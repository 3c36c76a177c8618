namespace SseFunctions.EventLog;

/// <summary>Too many appends to the topic wait already; this one was refused, and nothing of it is written.</summary>
public sealed class EventLogBusyException(string message) : EventLogUnavailableException(message);
