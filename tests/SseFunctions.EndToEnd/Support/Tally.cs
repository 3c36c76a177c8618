using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Support;

/// <summary>A count that a test can wait for.</summary>
internal sealed class Tally
{
    private readonly Lock gate = new();
    private readonly List<(int Count, TaskCompletionSource Reached)> awaited = [];
    private int count;

    public int Count
    {
        get
        {
            lock (gate)
                return count;
        }
    }

    public void Add()
    {
        lock (gate)
        {
            count++;
            foreach (var (_, reached) in awaited.Where(wait => wait.Count <= count))
                reached.TrySetResult();
        }
    }

    public Task ReachesAsync(int expected)
    {
        lock (gate)
        {
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (count >= expected)
                reached.SetResult();
            else
                awaited.Add((expected, reached));

            return reached.Task.WaitAsync(SseStream.Timeout);
        }
    }
}
