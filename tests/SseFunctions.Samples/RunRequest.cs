namespace Runs;

/// <summary>The body of POST runs.</summary>
/// <param name="Messages">What was said so far; the model answers the last.</param>
public sealed record RunRequest(IReadOnlyList<RunMessage> Messages);
