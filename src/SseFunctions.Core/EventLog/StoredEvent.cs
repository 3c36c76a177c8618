namespace SseFunctions.EventLog;

/// <summary>An event as the log holds it; its time is its writer's, from when it was appended.</summary>
internal sealed record StoredEvent(long Sequence, string? Type, ReadOnlyMemory<byte> Data, DateTimeOffset Time);
