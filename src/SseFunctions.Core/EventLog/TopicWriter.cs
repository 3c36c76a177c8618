using System.Diagnostics;
using Azure.Data.Tables;

namespace SseFunctions.EventLog;

/// <summary>
/// Writes one topic for this process: one transaction at a time, since two would only defeat each other's ETag. What comes
/// while one is under way shares the next (group commit); what comes alone waits for nobody.
/// </summary>
internal sealed class TopicWriter(Topic topic, TableEventLog log, TableClient table, LogTelemetry telemetry, TimeProvider time)
{
    /// <summary>An entity group transaction holds 100 operations: the head, an idempotency key, and these.</summary>
    public const int MaxEvents = 98;

    /// <summary>
    /// 2.75 MiB: an entity group transaction holds 4 MiB as it is sent, and binary is sent as base64, a third longer;
    /// the rest is for the 98 events' own lines.
    /// </summary>
    public const int MaxAppendBytes = 2_883_584;

    /// <summary>How long a write goes on trying, its time in the queue included.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TopicPartition partition = new(topic, log, table, telemetry, time);
    private readonly WriteQueue queue = new();

    /// <summary>Whether nothing is being written or waits to be.</summary>
    public bool IsIdle => queue.IsEmpty;

    /// <exception cref="EventLimitException">An event or their sum is over its limit.</exception>
    /// <exception cref="EventLogUnavailableException">The table could not be written, or too much waits already.</exception>
    public async Task<AppendResult> AppendAsync(IReadOnlyList<NewEvent> events, string? idempotencyKey, CancellationToken cancellationToken)
    {
        Validate(events);
        cancellationToken.ThrowIfCancellationRequested();
        using var activity = LogTelemetry.StartAppend();
        var start = time.GetTimestamp();
        AppendResult result;
        try
        {
            // Patient from now on: whoever waits behind others does not wait for the sum of their patience.
            result = await AppendOnceAsync(new PendingAppend(events, idempotencyKey, new RetryBudget(Patience, time)), cancellationToken);
        }
        catch
        {
            activity?.SetStatus(ActivityStatusCode.Error);
            throw;
        }

        activity?.SetTag(LogTelemetry.OutcomeAttribute, result.Outcome.ToString());
        if (result.Outcome == AppendOutcome.Appended)
            telemetry.Appended(topic, events.Count, time.GetElapsedTime(start));

        return result;
    }

    /// <exception cref="EventLogUnavailableException">The table could not be written, or too much waits already.</exception>
    public async Task<TopicHead> CompleteAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var completion = new Completion(new RetryBudget(Patience, time));
        var isAlone = queue.Enter(completion);
        try
        {
            return await AnswerAsync(completion.Answer, completion.Retry, isAlone, cancellationToken);
        }
        catch
        {
            queue.Leave(completion);
            throw;
        }
    }

    private static void Validate(IReadOnlyList<NewEvent> events)
    {
        if (events.Count is 0 or > MaxEvents)
            throw new EventLimitException("events", MaxEvents, events.Count, $"an append has {events.Count} events; 1 to {MaxEvents} are allowed.");

        foreach (var newEvent in events)
            newEvent.Validate();

        var size = events.Sum(newEvent => (long)newEvent.Data.Length);
        if (size > MaxAppendBytes)
            throw new EventLimitException("data", MaxAppendBytes, size, $"an append has {size} bytes of data; {MaxAppendBytes} are allowed.");
    }

    /// <summary>Appends, unless an append with the same key is on its way: then its answer is this one's as well.</summary>
    private async Task<AppendResult> AppendOnceAsync(PendingAppend append, CancellationToken cancellationToken)
    {
        while (true)
        {
            var isAlone = queue.Enter(append, out var earlier);
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
            queue.Leave(append);
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
            // Outside the context of whoever came first: its logs and traces are not the others'.
            ThreadPool.UnsafeQueueUserWorkItem(static writer => _ = writer.RunAsync(), this, preferLocal: false);
        }

        try
        {
            // Whoever waits for nobody goes on trying, rather than waiting, for as long as it is patient.
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
                await write.RunAsync(partition);
            }
            catch (Exception fault)
            {
                write.Fail(fault);
            }
        }
    }
}
