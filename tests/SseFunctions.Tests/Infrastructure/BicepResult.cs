namespace SseFunctions.Tests.Infrastructure;

/// <param name="ExitCode">0 also when there were warnings.</param>
/// <param name="Output">What was compiled, when it goes to standard output.</param>
/// <param name="Diagnostics">Errors, warnings and hints; empty when there were none.</param>
internal sealed record BicepResult(int ExitCode, string Output, string Diagnostics);
