namespace Runs;

/// <param name="Topic">Where the answer goes.</param>
/// <param name="Messages">What it answers.</param>
public sealed record Run(string Topic, IReadOnlyList<RunMessage> Messages);
