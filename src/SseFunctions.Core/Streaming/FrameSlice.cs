namespace SseFunctions.Streaming;

/// <summary>Frames to be written: shared bytes that never change.</summary>
/// <param name="Bytes">Whole frames.</param>
/// <param name="Last">The sequence of the last of them.</param>
/// <param name="NewestTime">The last event's time.</param>
internal readonly record struct FrameSlice(ReadOnlyMemory<byte> Bytes, long Last, DateTimeOffset NewestTime);
