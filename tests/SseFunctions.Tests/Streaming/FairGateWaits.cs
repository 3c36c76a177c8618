using SseFunctions.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

/// <summary>Waits for what a gate has.</summary>
internal static class FairGateWaits
{
    public static Task WaitForWaitingAsync(this FairGate gate, int count) => gate.WaitUntilAsync(() => gate.Waiting == count, $"{count} to wait");

    public static Task WaitUntilEmptyAsync(this FairGate gate) => gate.WaitUntilAsync(gate.IsEmpty, "all to leave");

    public static Task WaitUntilEnteredAsync(this FairGate gate) => gate.WaitUntilAsync(() => !gate.IsEmpty(), "one to enter");

    /// <summary>What is larger than the capacity goes only alone.</summary>
    private static bool IsEmpty(this FairGate gate)
    {
        using var alone = gate.TryEnter(long.MaxValue / 2);
        return alone is not null;
    }

    private static async Task WaitUntilAsync(this FairGate gate, Func<bool> condition, string what)
    {
        using var timeout = new CancellationTokenSource(SseStream.Timeout);
        while (!condition())
        {
            Assert.False(timeout.IsCancellationRequested, $"Waited in vain for {what}; {gate.Waiting} wait.");
            await Task.Yield();
        }
    }
}
