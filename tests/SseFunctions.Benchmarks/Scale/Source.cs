namespace SseFunctions.Benchmarks.Scale;

/// <summary>Where a number comes from.</summary>
/// <param name="Text">For the table of assumptions.</param>
/// <param name="IsMeasured">Whether it was measured with this code.</param>
internal sealed record Source(string Text, bool IsMeasured = false);
