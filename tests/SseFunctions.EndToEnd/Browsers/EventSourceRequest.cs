namespace SseFunctions.EndToEnd.Browsers;

/// <summary>A request that an EventSource made.</summary>
/// <param name="LastEventId">The header Last-Event-ID; null where there was none.</param>
/// <param name="Status">The answer's; null where there was no answer.</param>
public sealed record EventSourceRequest(string? LastEventId, int? Status);
