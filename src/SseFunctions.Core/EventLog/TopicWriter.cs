using System.Diagnostics;

namespace SseFunctions.EventLog;

/// <summary>
/// Writes one topic for this process: one transaction at a time, since two would only defeat each other's ETag. What comes
/// while one is being written shares the next (group commit); what comes alone waits for nobody.
/// </summary>
/// <param name="onWritten">Called after each transaction, in order, before its publishers get their answers. Must not throw.</param>
internal sealed class TopicWriter(Topic topic, EventTable table, Action<Topic, Commit> onWritten, LogTelemetry telemetry, TimeProvider time)
{
    private readonly TopicPartition partition = new(topic, table, telemetry, time);
    private readonly WriteQueue queue = new();

    /// <summary>Whether nothing is being written or waits to be.</summary>
    public bool IsIdle => queue.IsEmpty;

    /// <exception cref="InvalidInputException">An event or their sum is over its limit.</exception>
    /// <exception cref="EventLogUnavailableException">The table could not be written, or too much waits already.</exception>
    public async Task<AppendResult> AppendAsync(Append append, CancellationToken cancellationToken)
    {
        append.Validate();
        cancellationToken.ThrowIfCancellationRequested();
        using var activity = LogTelemetry.StartAppend();
        var start = time.GetTimestamp();
        AppendResult result;
        try
        {
            // The time counts from now on: an append that waits for others does not wait for the sum of their timeouts.
            result = await AppendOnceAsync(new PendingAppend(append, new RetryBudget(append.Timeout, time)), cancellationToken);
        }
        catch
        {
            activity?.SetStatus(ActivityStatusCode.Error);
            throw;
        }

        activity?.SetTag(LogTelemetry.OutcomeAttribute, result.Outcome.ToString());
        if (result.Outcome == AppendOutcome.Appended)
            telemetry.Appended(topic, append.Events.Count, time.GetElapsedTime(start));

        return result;
    }

    /// <inheritdoc cref="TableEventLog.CompleteAsync(Topic, TimeSpan, CancellationToken)"/>
    public async Task<(TopicHead Head, bool IsWritten)> CompleteAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var completion = new Completion(new RetryBudget(timeout, time));
        var isAlone = queue.Enqueue(completion);
        try
        {
            return await AnswerAsync(completion.Answer, completion.Retry, isAlone, cancellationToken);
        }
        catch
        {
            queue.Withdraw(completion);
            throw;
        }
    }

    /// <summary>Appends, unless an append with the same key is on its way: then its answer is this one's as well.</summary>
    private async Task<AppendResult> AppendOnceAsync(PendingAppend append, CancellationToken cancellationToken)
    {
        while (true)
        {
            var isAlone = queue.Enqueue(append, out var earlier);
            if (earlier is null)
                return await AnswerAsync(append, isAlone, cancellationToken);

            if (await RepeatAsync(earlier, append, cancellationToken) is { } first)
                return first;
        }
    }

    private async Task<AppendResult> AnswerAsync(PendingAppend append, bool isAlone, CancellationToken cancellationToken)
    {
        try
        {
            return await AnswerAsync(append.Answer, append.Retry, isAlone, cancellationToken);
        }
        catch
        {
            queue.Withdraw(append);
            throw;
        }
    }

    /// <returns>Null when the earlier append's answer is none for this one.</returns>
    private async Task<AppendResult?> RepeatAsync(PendingAppend earlier, PendingAppend append, CancellationToken cancellationToken)
    {
        try
        {
            await AnswerAsync(Task.WhenAny(earlier.Answer), append.Retry, isAlone: false, cancellationToken);
            return earlier.AnswerTo(append);
        }
        finally
        {
            queue.EndRepeat();
        }
    }

    private async Task<T> AnswerAsync<T>(Task<T> answer, RetryBudget retry, bool isAlone, CancellationToken cancellationToken)
    {
        if (isAlone)
        {
            // Outside the context of the first publisher: its logs and traces are not the others'.
            ThreadPool.UnsafeQueueUserWorkItem(static writer => _ = writer.RunAsync(), this, preferLocal: false);
        }

        try
        {
            // The first in line is tried until its time is used up, and then fails with the reason.
            return await answer.WaitAsync(isAlone ? Timeout.InfiniteTimeSpan : retry.Left, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new EventLogUnavailableException("The writes before this one took too long.");
        }
    }

    private async Task RunAsync()
    {
        while (queue.Next() is { } write)
        {
            try
            {
                await (write is AppendBatch batch ? WriteAsync(batch, batch.Abandoned) : WriteAsync((Completion)write));
            }
            catch (Exception ex)
            {
                write.Fail(ex);
            }
        }
    }

    private async Task WriteAsync(AppendBatch batch, CancellationToken cancellationToken)
    {
        Commit? commit;
        try
        {
            commit = await partition.AppendAsync(batch, cancellationToken);
        }
        catch (EventLogUnavailableException ex) when (ex.Fault is { IsContentRefused: true } && batch.Appends.Count > 1)
        {
            // What the table refuses because of one append must not fail the others: bisecting finds out which it is.
            foreach (var half in batch.Bisect())
                await WriteHalfAsync(half, cancellationToken);

            return;
        }

        if (commit is null)
            return;

        onWritten(topic, commit);
        batch.Settle(commit.Head.Epoch, commit.Events[0].Sequence);
    }

    private async Task WriteHalfAsync(AppendBatch half, CancellationToken cancellationToken)
    {
        try
        {
            await WriteAsync(half, cancellationToken);
        }
        catch (EventLogUnavailableException ex)
        {
            half.Fail(ex);
        }
    }

    private async Task WriteAsync(Completion completion)
    {
        var (head, isWritten) = await partition.CompleteAsync(completion.Retry, completion.Abandoned);
        if (isWritten)
            onWritten(topic, new Commit(head, []));

        completion.Settle(head, isWritten);
    }
}
