namespace SseFunctions.Publishing;

/// <summary>An event to publish.</summary>
/// <param name="Data">At most 64 KiB in UTF-8. Its line ends all arrive as LF.</param>
/// <param name="Type">1 to 128 bytes in UTF-8, no control characters, not beginning with "sse."; null for the default, "message".</param>
public sealed record SseEvent(string Data, string? Type = null);
