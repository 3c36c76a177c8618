namespace SseFunctions.EventLog;

/// <summary>The end of a topic, after the appends that came before it.</summary>
internal sealed class Completion(RetryBudget retry) : TopicWrite
{
    private readonly TaskCompletionSource<TopicHead> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RetryBudget Retry => retry;

    public Task<TopicHead> Answer => answer.Task;

    public void Settle(TopicHead head) => answer.TrySetResult(head);

    public override void Fail(Exception ex)
    {
        answer.TrySetException(ex);
        _ = answer.Task.Exception; // its publisher may have left
    }
}
