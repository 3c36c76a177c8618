namespace SseFunctions.EventLog;

/// <summary>An event as the log holds it.</summary>
internal sealed record StoredEvent(long Sequence, string? Type, ReadOnlyMemory<byte> Data);
