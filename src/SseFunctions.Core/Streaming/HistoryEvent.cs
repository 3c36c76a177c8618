namespace SseFunctions.Streaming;

/// <summary>An event of a page.</summary>
/// <param name="Sequence">Its place in its log.</param>
/// <param name="Frame">As <see cref="SseFrame.WriteEvent"/> has written it: shared bytes that never change.</param>
/// <param name="Time">When it was appended, by its writer's clock.</param>
internal readonly record struct HistoryEvent(long Sequence, ReadOnlyMemory<byte> Frame, DateTimeOffset Time);
