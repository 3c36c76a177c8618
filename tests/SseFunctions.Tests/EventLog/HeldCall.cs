using SseFunctions.TestSupport;

namespace SseFunctions.Tests.EventLog;

/// <summary>One request to storage that is held on its way; all others pass.</summary>
internal sealed class HeldCall
{
    private readonly TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource passed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private HeldCall()
    {
    }

    /// <summary>Holds the next request that is meant, after those that are held already.</summary>
    public static HeldCall Next(StorageProxy proxy, Func<StorageCall, bool> isMeant)
    {
        var call = new HeldCall();
        proxy.Intercept = Faults.On(isMeant, async one =>
        {
            call.held.TrySetResult();
            await call.released.Task;
            try
            {
                await StorageProxy.PassOnAsync(one);
            }
            finally
            {
                call.passed.TrySetResult(); // whether or not its client still waits
            }
        });
        return call;
    }

    public Task HeldAsync() => held.Task.WaitAsync(SseStream.Timeout);

    /// <summary>It goes on to storage.</summary>
    public void Release() => released.TrySetResult();

    /// <summary>It goes on to storage, which has done it then.</summary>
    public Task PassOnAsync()
    {
        Release();
        return passed.Task.WaitAsync(SseStream.Timeout);
    }
}
