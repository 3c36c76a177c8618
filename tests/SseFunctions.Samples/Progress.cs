namespace Runs;

/// <param name="Instance">The orchestration's.</param>
/// <param name="Sequence">Which of its events, from 1.</param>
/// <param name="Type">The event's type.</param>
/// <param name="Data">The event's data.</param>
/// <param name="IsLast">Whether the topic is complete with it.</param>
public sealed record Progress(string Instance, int Sequence, string Type, string Data, bool IsLast);
