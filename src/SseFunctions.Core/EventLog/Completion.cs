namespace SseFunctions.EventLog;

/// <summary>The end of a topic, behind the appends that came before it.</summary>
internal sealed class Completion(RetryBudget retry) : TopicWrite
{
    private readonly TaskCompletionSource<TopicHead> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RetryBudget Retry => retry;

    public Task<TopicHead> Answer => answer.Task;

    public override async Task RunAsync(TopicPartition partition) => answer.TrySetResult(await partition.CompleteAsync(retry, Abandoned));

    public override void Fail(Exception fault)
    {
        answer.TrySetException(fault);
        _ = answer.Task.Exception; // whoever asked for it may have left
    }
}
