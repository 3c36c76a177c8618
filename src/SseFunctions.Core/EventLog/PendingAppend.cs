namespace SseFunctions.EventLog;

/// <summary>A publisher's append on its way: it goes whole into one transaction, which it may share with others'.</summary>
internal sealed class PendingAppend(IReadOnlyList<NewEvent> events, string? idempotencyKey, RetryBudget retry)
{
    private readonly TaskCompletionSource<AppendResult> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<NewEvent> Events => events;

    public string? IdempotencyKey => idempotencyKey;

    /// <summary>For how long its publisher is patient, counted from when it came.</summary>
    public RetryBudget Retry => retry;

    public Task<AppendResult> Answer => answer.Task;

    /// <summary>Whether its publisher no longer waits for the answer.</summary>
    public bool HasLeft { get; set; }

    /// <summary>Operations of the transaction: an event each, and one for the key.</summary>
    public int Operations { get; } = events.Count + (idempotencyKey is null ? 0 : 1);

    public int DataBytes { get; } = events.Sum(newEvent => newEvent.Data.Length);

    public void Settle(AppendResult result) => answer.TrySetResult(result);

    public void Fail(Exception fault)
    {
        answer.TrySetException(fault);
        _ = answer.Task.Exception; // its publisher may have left: nobody else needs to know
    }
}
