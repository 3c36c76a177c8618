using System.Text;
using SseFunctions.EventLog;

namespace SseFunctions.Publishing;

/// <summary>
/// Publishes what a source yields, transaction after transaction, and ends the topic with the last one. However the source ends,
/// readers learn of it: the topic is complete, after an event "error" where the source did not come to its end.
/// </summary>
internal sealed class StreamPublication(Topic topic, TableEventLog log, PublishStreamOptions options, TimeProvider time)
{
    public const string ErrorType = "error";

    /// <summary>How long a transaction is tried: longer than one whose publisher can repeat it, which here nobody could.</summary>
    public static readonly TimeSpan WriteTimeout = TimeSpan.FromMinutes(1);

    /// <summary>When too many publish to the topic at once: a few transactions later.</summary>
    private static readonly TimeSpan BusyDelay = TimeSpan.FromMilliseconds(250);

    private long published;
    private EventId? last;

    /// <param name="cancellationToken">The caller's.</param>
    /// <param name="stopping">The host's.</param>
    public async Task<PublishStreamResult> RunAsync(IAsyncEnumerable<SseEvent> source, CancellationToken cancellationToken, CancellationToken stopping)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stopping);
        using var batches = new SourceBatches(source, options.FlushInterval, time, stop.Token);
        SourceBatch batch;
        try
        {
            do
            {
                batch = await batches.NextAsync();
                if (!batch.IsLast)
                    await AppendAsync(new Append(batch.Events));
                else if (batch.Fault is null)
                    await EndAsync(batch.Events);
                else
                    await EndAsync(batch.Events, cancellationToken.IsCancellationRequested ? "cancelled" : stopping.IsCancellationRequested ? "stopping" : "failed");
            }
            while (!batch.IsLast);
        }
        catch (EventLogUnavailableException)
        {
            await TryEndAsync();
            throw;
        }

        batch.Fault?.Throw();
        return new PublishStreamResult(published, last?.ToString());
    }

    /// <summary>The event that says that there will be no more, and not why: the exception's text may be nothing for readers.</summary>
    private NewEvent Error(string reason) => new(ErrorType, Encoding.UTF8.GetBytes(options.ErrorData ?? $$"""{"reason":"{{reason}}"}"""));

    private async Task EndAsync(IReadOnlyList<NewEvent> events, string reason)
    {
        var error = Error(reason);
        if (SourceBatch.HasRoom(events, error))
        {
            await EndAsync([.. events, error]);
            return;
        }

        await AppendAsync(new Append(events));
        await EndAsync([error]);
    }

    private async Task EndAsync(IReadOnlyList<NewEvent> events)
    {
        if (events.Count > 0)
            await AppendAsync(new Append(events) { CompletesTopic = true });
        else if (!(await WhenThereIsRoomAsync(WriteTimeout, () => log.CompleteAsync(topic, WriteTimeout, CancellationToken.None))).IsWritten)
            throw new TopicCompleteException(topic.Name);
    }

    /// <summary>
    /// After a transaction of which nobody knows whether it landed: whatever is still on its way defeats this one's ETag or is
    /// defeated by it, so nothing is doubled and nothing comes after the end.
    /// </summary>
    private async Task TryEndAsync()
    {
        try
        {
            var error = new Append([Error("storage")]) { CompletesTopic = true };
            await WhenThereIsRoomAsync(error.Timeout, () => log.AppendAsync(topic, error, CancellationToken.None));
        }
        catch (EventLogUnavailableException)
        {
            // Then readers see what they see when the process dies: a topic in which nothing happens any more.
        }
    }

    /// <summary>Whatever stops the source: an append that has begun is brought to its end.</summary>
    private async Task AppendAsync(Append append)
    {
        var result = await WhenThereIsRoomAsync(WriteTimeout, () => log.AppendAsync(topic, append with { Timeout = WriteTimeout }, CancellationToken.None));
        if (result.Outcome == AppendOutcome.TopicComplete)
            throw new TopicCompleteException(topic.Name);

        (published, last) = (published + append.Events.Count, new EventId(result.Epoch, result.Last));
    }

    /// <summary>Repeats a write for which there is no room.</summary>
    /// <param name="timeout">For how long.</param>
    private async Task<T> WhenThereIsRoomAsync<T>(TimeSpan timeout, Func<Task<T>> write)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await write();
            }
            catch (EventLogBusyException) when (time.GetElapsedTime(start) < timeout)
            {
                await Task.Delay(BusyDelay * Random.Shared.NextDouble(), time, CancellationToken.None); // nothing was written
            }
        }
    }
}
