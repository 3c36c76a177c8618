namespace SseFunctions.WorkerHost;

/// <summary>The worker has gone, and with it what it was asked.</summary>
internal sealed class WorkerExitedException(int exitCode, WorkerLog log)
    : Exception($"The worker exited with code {exitCode}.\n{log}")
{
    /// <summary>Whether the port that it chose had become another process's before it listened: nothing reserves it in between.</summary>
    public bool IsPortTaken => Message.Contains("address already in use", StringComparison.Ordinal);
}
