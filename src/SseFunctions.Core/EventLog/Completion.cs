namespace SseFunctions.EventLog;

/// <summary>The end of a topic, after the appends that came before it.</summary>
internal sealed class Completion(RetryBudget retry) : TopicWrite
{
    private readonly TaskCompletionSource<(TopicHead Head, bool IsWritten)> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RetryBudget Retry => retry;

    /// <summary>The head, and whether this has ended the topic; otherwise it was complete before.</summary>
    public Task<(TopicHead Head, bool IsWritten)> Answer => answer.Task;

    public void Settle(TopicHead head, bool isWritten) => answer.TrySetResult((head, isWritten));

    public override void Fail(Exception ex)
    {
        answer.TrySetException(ex);
        _ = answer.Task.Exception; // its publisher may have left
    }
}
