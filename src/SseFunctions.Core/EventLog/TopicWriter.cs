using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Azure;
using Azure.Data.Tables;

namespace SseFunctions.EventLog;

/// <summary>
/// Writes one topic for this process: one write at a time, since two would only defeat each other's ETag.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore's wait handle is never used, and so never made.")]
internal sealed class TopicWriter(Topic topic, TableEventLog log, TableClient table, LogTelemetry telemetry, TimeProvider time)
{
    /// <summary>An entity group transaction holds 100 operations: the head, an idempotency key, and these.</summary>
    public const int MaxEvents = 98;

    /// <summary>
    /// 2.75 MiB: an entity group transaction holds 4 MiB as it is sent, and binary is sent as base64, a third longer;
    /// the rest is for the 98 events' own lines.
    /// </summary>
    public const int MaxAppendBytes = 2_883_584;

    /// <summary>How long a write goes on trying.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly SemaphoreSlim gate = new(1);

    /// <summary>The head as this process last saw it; a stale one costs a conflict, never an event.</summary>
    private TopicHead? knownHead;

    public Task<AppendResult> AppendAsync(IReadOnlyList<NewEvent> events, string? idempotencyKey, CancellationToken cancellationToken)
    {
        Validate(events);
        // From now on: whoever waits behind others does not wait for the sum of their patience.
        var retry = new RetryBudget(Patience, time);
        return MeasuredAsync(() => ExclusivelyAsync(() => AppendCoreAsync(events, idempotencyKey, retry, cancellationToken), retry, cancellationToken));
    }

    public Task<TopicHead> CompleteAsync(CancellationToken cancellationToken)
    {
        var retry = new RetryBudget(Patience, time);
        return ExclusivelyAsync(() => CompleteCoreAsync(retry, cancellationToken), retry, cancellationToken);
    }

    private async Task<AppendResult> MeasuredAsync(Func<Task<AppendResult>> append)
    {
        using var activity = LogTelemetry.StartAppend();
        var start = time.GetTimestamp();
        AppendResult result;
        try
        {
            result = await append();
        }
        catch
        {
            activity?.SetStatus(ActivityStatusCode.Error);
            throw;
        }

        activity?.SetTag(TelemetryNames.AppendOutcome, result.Outcome.ToString());
        if (result.Outcome == AppendOutcome.Appended)
            telemetry.Appended(topic, (int)(result.Last - result.First + 1), time.GetElapsedTime(start));

        return result;
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

    private async Task<T> ExclusivelyAsync<T>(Func<Task<T>> write, RetryBudget retry, CancellationToken cancellationToken)
    {
        await EnterAsync(retry, cancellationToken);
        try
        {
            return await write();
        }
        catch
        {
            knownHead = null; // what the table holds now is not known
            throw;
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task EnterAsync(RetryBudget retry, CancellationToken cancellationToken)
    {
        if (gate.Wait(0, CancellationToken.None))
            return;

        using var patience = new CancellationTokenSource(retry.Left, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await gate.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EventLogUnavailableException("The writes before this one took too long.");
        }
    }

    private async Task<AppendResult> AppendCoreAsync(IReadOnlyList<NewEvent> events, string? idempotencyKey, RetryBudget retry, CancellationToken cancellationToken)
    {
        if (knownHead is null or { Complete: true }) // complete is final, but not for a log that begins anew
            knownHead = await ReadHeadAsync(retry, cancellationToken);

        var (newEpoch, nonce) = (EventId.NewEpoch(), Guid.NewGuid());
        var isInDoubt = false; // whether a try may have been written although it seems to have failed
        while (true)
        {
            if (idempotencyKey is not null && (knownHead is { Complete: true } || retry.Tries > 0)
                && await ReadKeyAsync(idempotencyKey, retry, cancellationToken) is { } first)
                return first;

            if (knownHead is { Complete: true })
                return new AppendResult(AppendOutcome.TopicComplete, knownHead.Epoch, 0, -1);

            var attempt = Plan(knownHead, newEpoch, nonce, events.Count);
            var now = time.GetUtcNow();
            try
            {
                knownHead = attempt with { ETag = await SubmitAsync(attempt, events, now, idempotencyKey, cancellationToken) };
                return Done(knownHead, knownHead, events, now);
            }
            catch (Exception fault) when (StorageFault.IsStorage(fault, cancellationToken))
            {
                await AfterFaultAsync(fault, retry, cancellationToken);
                knownHead = await ReadHeadAsync(retry, cancellationToken);
                isInDoubt |= !StorageFault.IsRefusal(fault);
                if (isInDoubt && await HasLandedAsync(attempt, events.Count, knownHead, retry, cancellationToken))
                    return Done(attempt, knownHead!, events, now);
            }
        }
    }

    /// <summary>
    /// The head that the append is to make. All tries of an append bear one nonce: a try that was given up for lost may
    /// still land, and must then be known as this append.
    /// </summary>
    private static TopicHead Plan(TopicHead? head, string newEpoch, Guid nonce, int count)
    {
        var plan = head ?? new TopicHead(newEpoch, First: 1, Last: 0, Complete: false, AppendId: "", default);
        return plan with { Last = plan.Last + count, AppendId = LogRows.AppendIdOf(plan.Epoch, nonce) };
    }

    /// <param name="written">The head that the append made.</param>
    /// <param name="newest">The head as it is now: others may have written since.</param>
    /// <param name="events">What was appended.</param>
    /// <param name="time">The events' time.</param>
    private AppendResult Done(TopicHead written, TopicHead newest, IReadOnlyList<NewEvent> events, DateTimeOffset time)
    {
        var first = written.Last - events.Count + 1;
        log.OnWritten(topic, newest, [.. events.Select((e, i) => new StoredEvent(first + i, e.Type, e.Data, time))]);
        return new AppendResult(AppendOutcome.Appended, written.Epoch, first, written.Last);
    }

    private async Task<ETag> SubmitAsync(TopicHead head, IReadOnlyList<NewEvent> events, DateTimeOffset now, string? idempotencyKey, CancellationToken cancellationToken)
    {
        var first = head.Last - events.Count + 1;
        if (head.ETag == default)
            await RegisterAsync(cancellationToken);

        var actions = new List<TableTransactionAction> { HeadAction(head) };
        if (idempotencyKey is not null)
        {
            var result = new AppendResult(AppendOutcome.Appended, head.Epoch, first, head.Last);
            actions.Add(new(TableTransactionActionType.Add, LogRows.Idempotency(topic, idempotencyKey, result, now)));
        }

        actions.AddRange(events.Select((newEvent, i) => new TableTransactionAction(
            TableTransactionActionType.Add,
            LogRows.Event(topic, first + i, newEvent, head.AppendId, now))));
        var answer = await table.SubmitTransactionAsync(actions, cancellationToken);
        return answer.Value[0].Headers.ETag.GetValueOrDefault();
    }

    private TableTransactionAction HeadAction(TopicHead head) => head.ETag == default
        ? new(TableTransactionActionType.Add, LogRows.Head(topic, head))
        : new(TableTransactionActionType.UpdateReplace, LogRows.Head(topic, head), head.ETag);

    /// <summary>Retention finds the topic by this row; before the head, so that no head is ever without it.</summary>
    private async Task RegisterAsync(CancellationToken cancellationToken) =>
        await table.UpsertEntityAsync(LogRows.TopicEntry(topic), TableUpdateMode.Replace, cancellationToken);

    /// <summary>
    /// Whether the attempt was written although its answer was lost. Until the head has moved it may still land, and then
    /// defeats the next attempt by its ETag; once the head has moved it either stands in its own row or never will.
    /// </summary>
    private async Task<bool> HasLandedAsync(TopicHead attempt, int count, TopicHead? head, RetryBudget retry, CancellationToken cancellationToken)
    {
        if (head?.AppendId == attempt.AppendId)
            return true;

        var first = attempt.Last - count + 1;
        if (head is null || head.Epoch != attempt.Epoch || head.Last < first)
            return false;

        var row = await retry.RunAsync(() => log.GetRowAsync(topic.Name, LogRows.EventKey(first), cancellationToken), cancellationToken);
        if (row is null)
            throw new EventLogUnavailableException("Retention removed the events before it was known whether they are this append's.");

        return LogRows.IsOfAppend(row, attempt.AppendId);
    }

    private async Task<TopicHead> CompleteCoreAsync(RetryBudget retry, CancellationToken cancellationToken)
    {
        var (newEpoch, nonce) = (EventId.NewEpoch(), Guid.NewGuid());
        TopicHead? attempt = null;
        while (true)
        {
            knownHead = await ReadHeadAsync(retry, cancellationToken);
            if (knownHead is { Complete: true })
            {
                if (knownHead.AppendId == attempt?.AppendId)
                    log.OnWritten(topic, knownHead, []); // it landed, only its answer was lost

                return knownHead;
            }

            attempt = Plan(knownHead, newEpoch, nonce, 0) with { Complete = true };
            try
            {
                knownHead = attempt with { ETag = await SubmitAsync(attempt, [], time.GetUtcNow(), null, cancellationToken) };
                log.OnWritten(topic, knownHead, []);
                return knownHead;
            }
            catch (Exception fault) when (StorageFault.IsStorage(fault, cancellationToken))
            {
                await AfterFaultAsync(fault, retry, cancellationToken);
            }
        }
    }

    private async Task AfterFaultAsync(Exception fault, RetryBudget retry, CancellationToken cancellationToken)
    {
        if (StorageFault.IsConflict(fault))
            telemetry.Conflicted(topic);

        if (StorageFault.IsTableMissing(fault))
            await retry.RunAsync(() => table.CreateIfNotExistsAsync(cancellationToken), cancellationToken);

        await retry.PauseAsync(fault, cancellationToken);
    }

    private Task<TopicHead?> ReadHeadAsync(RetryBudget retry, CancellationToken cancellationToken) =>
        retry.RunAsync(() => log.ReadHeadAsync(topic, cancellationToken), cancellationToken);

    private async Task<AppendResult?> ReadKeyAsync(string key, RetryBudget retry, CancellationToken cancellationToken) =>
        await retry.RunAsync(() => log.GetRowAsync(topic.Name, LogRows.IdempotencyKey(key), cancellationToken), cancellationToken) is { } row
            ? LogRows.Repeated(row)
            : null;
}
