namespace SseFunctions.Api;

/// <summary>The answer to GET health.</summary>
/// <param name="Storage">"reachable" or "unreachable".</param>
/// <param name="Streams">How many streams this process holds open.</param>
internal sealed record HealthState(string Storage, int Streams);
