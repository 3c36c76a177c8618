namespace SseFunctions.EventLog;

/// <summary>An event of the log. Its time is when it was appended, by the writer's clock.</summary>
internal sealed record StoredEvent(long Sequence, string? Type, ReadOnlyMemory<byte> Data, DateTimeOffset Time);
