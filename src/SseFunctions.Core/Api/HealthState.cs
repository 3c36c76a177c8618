namespace SseFunctions.Api;

/// <summary>The answer to GET health.</summary>
/// <param name="Storage">"reachable" or "unreachable".</param>
/// <param name="Streams">How many streams this process holds open.</param>
internal sealed record HealthState(string Storage, int Streams)
{
    /// <summary>How long the table may take to answer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
}
