namespace SseFunctions.Benchmarks;

/// <summary>A line of the table.</summary>
/// <param name="Name">What is measured.</param>
/// <param name="Goal">What is to be reached.</param>
/// <param name="Measured">What was.</param>
/// <param name="IsReached">Whether it is enough.</param>
internal sealed record Figure(string Name, string Goal, string Measured, bool IsReached);
