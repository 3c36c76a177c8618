namespace SseFunctions.EventLog;

/// <summary>A time from which on somebody wants what was appended, by the storage service's clock. One of both is set.</summary>
/// <param name="Time">That time.</param>
/// <param name="Age">How long ago it is.</param>
internal readonly record struct Since(DateTimeOffset? Time, TimeSpan? Age);
