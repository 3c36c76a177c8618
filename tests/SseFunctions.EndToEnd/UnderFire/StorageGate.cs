using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.UnderFire;

/// <summary>The way from one host to Azurite: it can be closed, and while it is open calls can fail at random.</summary>
internal sealed class StorageGate
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    private readonly Lock gate = new();
    private TaskCompletionSource? drained;
    private int underWay;
    private volatile RandomFaults? faults;
    private int failed;
    private int hintLosses;
    private int lostHints;

    /// <summary>Calls that have failed.</summary>
    public int Failed => Volatile.Read(ref failed);

    /// <summary>Writes to the change feed that were answered and not done.</summary>
    public int LostHints => Volatile.Read(ref lostHints);

    public async Task InterceptAsync(StorageCall call)
    {
        if (!TryEnter())
        {
            Fail(call);
            return;
        }

        try
        {
            if (Volatile.Read(ref hintLosses) > 0 && call.IsHint)
                LoseHint(call);
            else
                await (faults is { } random ? random.InterceptAsync(call) : PassOnAsync(call));
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>
    /// Breaks all calls under way, once storage has done them, and from now on every one that comes. Azurite, stopped in the
    /// middle of something, would forget what it has answered.
    /// </summary>
    public async Task CloseAsync()
    {
        Task done;
        lock (gate)
        {
            drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
            if (underWay == 0)
                drained.SetResult();

            done = drained.Task;
        }

        await (faults?.LetAllArriveAsync() ?? Task.CompletedTask);
        await done.WaitAsync(SseStream.Timeout);
    }

    public void Open()
    {
        lock (gate)
            drained = null;
    }

    /// <summary>Lets calls fail for some time.</summary>
    public async Task FailAsync(RandomFaults random, TimeSpan duration)
    {
        faults = random;
        await Task.Delay(duration, TimeProvider.System);
        Interlocked.CompareExchange(ref faults, null, random);
        await random.LetAllArriveAsync();
        Interlocked.Add(ref failed, random.Count);
    }

    /// <summary>Loses the host's hints for some time, and until one is lost. The host does not notice.</summary>
    public async Task LoseHintsAsync(TimeSpan duration)
    {
        var before = LostHints;
        Interlocked.Increment(ref hintLosses);
        await Task.Delay(duration, TimeProvider.System);
        using var timer = new PeriodicTimer(LookInterval, TimeProvider.System);
        using var timeout = new CancellationTokenSource(SseStream.Timeout);
        while (LostHints == before && !timeout.IsCancellationRequested)
            await timer.WaitForNextTickAsync(CancellationToken.None);

        Interlocked.Decrement(ref hintLosses);
    }

    private void LoseHint(StorageCall call)
    {
        Interlocked.Increment(ref lostHints);
        call.Reply(204);
    }

    private async Task PassOnAsync(StorageCall call)
    {
        using var answer = await call.ForwardAsync();
        if (IsClosed())
            Fail(call);
        else
            await call.ReplyAsync(answer);
    }

    private void Fail(StorageCall call)
    {
        Interlocked.Increment(ref failed);
        call.Reset();
    }

    private bool IsClosed()
    {
        lock (gate)
            return drained is not null;
    }

    private bool TryEnter()
    {
        lock (gate)
        {
            if (drained is null)
                underWay++;

            return drained is null;
        }
    }

    private void Leave()
    {
        lock (gate)
        {
            if (--underWay == 0)
                drained?.TrySetResult();
        }
    }
}
