using Azure.Data.Tables;
using Microsoft.Extensions.Logging;

namespace SseFunctions.EventLog;

/// <summary>Trims every topic, on each tick of RetentionSchedule.</summary>
public sealed partial class RetentionSweep
{
    /// <summary>Topics that are trimmed at once: what a run waits for is storage, and publishers share that with it.</summary>
    internal const int ParallelTopics = 16;

    /// <summary>Topics after which the place is saved from which the next run goes on, should this one not come to its end.</summary>
    internal const int PageTopics = 1000;

    private readonly EventTable table;
    private readonly TopicDirectory topics;
    private readonly TopicTrimmer trimmer;
    private readonly RetentionOptions options;
    private readonly ILogger<RetentionSweep> logger;

    internal RetentionSweep(EventTable table, TimeProvider time, RetentionOptions options, ILogger<RetentionSweep> logger)
    {
        (this.table, this.options, this.logger) = (table, options, logger);
        topics = new TopicDirectory(table, time);
        trimmer = new TopicTrimmer(table, time);
    }

    /// <summary>Trims all topics, beginning where the last run stopped. What cannot be trimmed now is trimmed by the next run.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var run = new Run();
        try
        {
            var now = await table.ReadClockAsync(cancellationToken);
            await DeleteChangesAsync(now, cancellationToken);
            var start = await topics.ReadPlaceAsync(cancellationToken);
            await SweepAsync(run, now, after: start, until: null, cancellationToken);
            if (start.Length > 0)
            {
                await SweepAsync(run, now, after: "", until: start, cancellationToken);
                await topics.WritePlaceAsync("", cancellationToken);
            }
            else if (run.HasSavedPlace)
            {
                await topics.WritePlaceAsync("", cancellationToken);
            }
        }
        catch (EventLogUnavailableException ex)
        {
            LogNotListed(ex.Message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host stops: the next run goes on.
        }

        if (run.Removed > 0 || run.Gone > 0)
            LogTrimmed(run.Removed, run.Trimmed, run.Gone);

        if (run.FirstFailure is { } failure)
            LogNotTrimmed(run.Failed, failure.Topic, failure.Message);
    }

    private async Task SweepAsync(Run run, DateTimeOffset now, string after, string? until, CancellationToken cancellationToken)
    {
        var entries = topics.ListAsync("", after, cancellationToken).TakeWhile(entry => until is null || string.CompareOrdinal(entry.Topic.Name, until) <= 0);
        var place = after;
        await foreach (var page in entries.Chunk(PageTopics).WithCancellation(cancellationToken))
        {
            if (place != after)
            {
                await topics.WritePlaceAsync(place, cancellationToken);
                run.HasSavedPlace = true;
            }

            await Parallel.ForEachAsync(
                page,
                new ParallelOptions { MaxDegreeOfParallelism = ParallelTopics, CancellationToken = cancellationToken },
                async (entry, token) => await TrimAsync(run, entry, now, token));
            place = page[^1].Topic.Name;
        }
    }

    /// <summary>Deletes the rows of the change feed that nobody asks for any more.</summary>
    private async Task DeleteChangesAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        string[] columns = [nameof(TableEntity.PartitionKey), nameof(TableEntity.RowKey)];
        await foreach (var batch in table.QueryAsync(ChangeFeedRow.Expired(now), columns, cancellationToken).Chunk(TopicRowDeletion.MaxOperations).WithCancellation(cancellationToken))
        {
            try
            {
                await table.DeleteAsync(batch, cancellationToken);
            }
            catch (EventLogUnavailableException)
            {
                // Another run has deleted some, or they cannot be deleted now: the topics are trimmed all the same.
            }
        }
    }

    private async Task TrimAsync(Run run, TopicEntry entry, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            var (removed, isGone) = await trimmer.TrimAsync(entry, now, options, cancellationToken);
            run.Add(removed, isGone);
        }
        catch (EventLogUnavailableException ex)
        {
            run.Fail(entry.Topic, ex.Message);
        }
    }

    [LoggerMessage(EventId = 301, Level = LogLevel.Information, Message = "Retention removed {Removed} events of {Topics} topics, and {Gone} topics with nothing left.")]
    private partial void LogTrimmed(long removed, int topics, int gone);

    [LoggerMessage(EventId = 302, Level = LogLevel.Warning, Message = "Retention could not trim {Failed} topics; the first was {Topic}: {Fault}")]
    private partial void LogNotTrimmed(int failed, Topic topic, string fault);

    [LoggerMessage(EventId = 303, Level = LogLevel.Warning, Message = "Retention could not go through the list of topics: {Fault}")]
    private partial void LogNotListed(string fault);

    /// <summary>What a run has done so far.</summary>
    private sealed class Run
    {
        private readonly Lock gate = new();

        public long Removed { get; private set; }

        public int Trimmed { get; private set; }

        public int Gone { get; private set; }

        public int Failed { get; private set; }

        public (Topic Topic, string Message)? FirstFailure { get; private set; }

        public bool HasSavedPlace { get; set; }

        public void Add(long removed, bool isGone)
        {
            lock (gate)
            {
                Removed += removed;
                Trimmed += removed > 0 ? 1 : 0;
                Gone += isGone ? 1 : 0;
            }
        }

        public void Fail(Topic topic, string message)
        {
            lock (gate)
            {
                Failed++;
                FirstFailure ??= (topic, message);
            }
        }
    }
}
