using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Hostile;

/// <summary>Requests to storage that get no answer until they are let through; all others pass.</summary>
internal sealed class HeldReads
{
    private readonly Lock gate = new();
    private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int waiting;

    public HeldReads(StorageProxy proxy, Func<StorageCall, bool> isMeant) =>
        proxy.Intercept = call => isMeant(call) ? HoldAsync(call) : StorageProxy.PassOnAsync(call);

    /// <summary>How many have waited at a time, at most.</summary>
    public int Max { get; private set; }

    public void Release() => released.TrySetResult();

    private async Task HoldAsync(StorageCall call)
    {
        lock (gate)
            Max = Math.Max(Max, ++waiting);

        try
        {
            await released.Task.WaitAsync(call.Left);
            await StorageProxy.PassOnAsync(call);
        }
        catch (OperationCanceledException)
        {
            // Nobody waits for it any more.
        }
        finally
        {
            lock (gate)
                waiting--;
        }
    }
}
