namespace SseFunctions.WorkerHost;

/// <summary>How the invocations of a host have ended.</summary>
internal sealed class InvocationEnds
{
    private readonly Lock gate = new();
    private readonly List<(string Function, TaskCompletionSource<InvocationEnd> Ended)> awaited = [];

    public void Add(InvocationEnd end)
    {
        lock (gate)
        {
            foreach (var wait in awaited.Where(wait => wait.Function == end.Function))
                wait.Ended.TrySetResult(end);

            awaited.RemoveAll(wait => wait.Function == end.Function);
        }
    }

    /// <summary>Waits for the function's next invocation that ends.</summary>
    public Task<InvocationEnd> NextAsync(string function)
    {
        lock (gate)
        {
            var ended = new TaskCompletionSource<InvocationEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
            awaited.Add((function, ended));
            return ended.Task;
        }
    }
}
