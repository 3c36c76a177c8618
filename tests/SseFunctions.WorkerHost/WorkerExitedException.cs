namespace SseFunctions.WorkerHost;

/// <summary>The worker has gone, and with it what it was asked.</summary>
internal sealed class WorkerExitedException(int exitCode, WorkerLog log)
    : Exception($"The worker exited with code {exitCode}.\n{log}");
