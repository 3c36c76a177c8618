namespace SseFunctions.EndToEnd.Support;

/// <summary>A request that has passed a <see cref="CuttingProxy"/>.</summary>
/// <param name="Target">Its path and query.</param>
/// <param name="LastEventId">The header Last-Event-ID; null where there was none.</param>
/// <param name="Status">The answer's; null where there was no answer.</param>
internal sealed record RecordedRequest(string Target, string? LastEventId, int? Status);
