namespace SseFunctions.TestSupport;

/// <summary>Lets calls fail at random: lost requests, lost answers, 500, 503, and transactions that arrive late.</summary>
/// <param name="random">What it draws from.</param>
/// <param name="percent">Of 100 calls, how many go wrong.</param>
/// <param name="maxDelay">How long every call is held up at most, before all else; zero by default.</param>
public sealed class RandomFaults(Random random, int percent, TimeSpan maxDelay = default)
{
    private readonly Lock gate = new();
    private readonly Queue<TaskCompletionSource> held = [];
    private readonly List<Task> arrivals = [];
    private int count;
    private bool isOver;

    /// <summary>How many calls have failed.</summary>
    public int Count => Volatile.Read(ref count);

    public async Task InterceptAsync(StorageCall call)
    {
        TimeSpan delay;
        lock (gate)
            delay = isOver ? TimeSpan.Zero : random.NextDouble() * maxDelay;

        if (delay > TimeSpan.Zero)
            await Task.Delay(delay, TimeProvider.System);

        await Draw(call);
    }

    /// <summary>Lets what is still held arrive, and no more calls fail.</summary>
    public Task LetAllArriveAsync()
    {
        lock (gate)
        {
            isOver = true;
            while (held.TryDequeue(out var request))
                request.TrySetResult();

            return Task.WhenAll(arrivals);
        }
    }

    private Task Draw(StorageCall call)
    {
        lock (gate)
        {
            // Requests given up for lost arrive some calls later.
            if (held.Count > 0 && random.Next(4) == 0)
                held.Dequeue().TrySetResult();

            if (isOver || random.Next(100) >= percent)
                return StorageProxy.PassOnAsync(call);

            Interlocked.Increment(ref count);
            return random.Next(5) switch
            {
                0 => Faults.LoseRequestAsync(call),
                1 => Faults.Refuse(500)(call),
                2 => Faults.DoAndAnswer(503)(call),
                3 when call.IsTransaction => Hold(call),
                _ => Faults.LoseAnswerAsync(call),
            };
        }
    }

    private Task Hold(StorageCall call)
    {
        var letGo = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        held.Enqueue(letGo);
        call.Reset();
        var arrival = ArriveAsync();
        arrivals.Add(arrival);
        return arrival;

        async Task ArriveAsync()
        {
            await letGo.Task;
            using var answer = await call.ForwardAsync();
        }
    }
}
