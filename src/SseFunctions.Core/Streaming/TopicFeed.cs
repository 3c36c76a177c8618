using Microsoft.Extensions.Logging;
using SseFunctions.EventLog;
using EventId = SseFunctions.EventLog.EventId;

namespace SseFunctions.Streaming;

/// <summary>
/// One topic, for all its readers in this process. It polls the head, one point read, and what any reader lacks it reads
/// from the table once and keeps as frames. Replay and live are the same read at different cursors.
/// </summary>
internal sealed partial class TopicFeed : IDisposable
{
    private readonly TableEventLog log;
    private readonly FrameCache cache;
    private readonly TimeProvider time;
    private readonly ILogger logger;

    private readonly Lock gate = new();
    private readonly HashSet<TopicReader> readers = [];
    private readonly CancellationTokenSource stop = new();
    private readonly TaskCompletionSource firstAnswer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly HeadPoll poll;
    private readonly TopicLoads loads;
    private readonly PushLoop push;

    private TopicHead? head;

    /// <summary>Up to where readers that stay have been given the events; what has come since, the push loop gives them next.</summary>
    private long pushed;

    /// <summary>The first sequence that may still be in the table: the head's, or later if a read found rows gone.</summary>
    private long first = 1;

    /// <summary>Polls are numbered as they start; a reader trusts what a poll says that started after it joined.</summary>
    private long pollsStarted;
    private long newestAnswered;
    private bool isFailing;
    private bool someoneWaits;
    private long idleSince;
    private long writes;

    public TopicFeed(Topic topic, TableEventLog log, FrameCache cache, StreamOptions options, TimeProvider time, ILogger<TopicFeed> logger)
    {
        (Topic, this.log, this.cache, this.time, this.logger) = (topic, log, cache, time, logger);
        poll = new HeadPoll(options.PollInterval, time);
        loads = new TopicLoads(this, log, cache, logger, stop.Token);
        push = new PushLoop(this, options.FlushInterval, time, logger);
    }

    public Topic Topic { get; }

    /// <summary>Completes when the table has answered, or failed to, for the first time.</summary>
    public Task FirstAnswer => firstAnswer.Task;

    /// <summary>Begins to poll, until <see cref="Dispose"/>; after the first reader has joined, so that it trusts the first poll.</summary>
    /// <remarks>Outside the context of the request that began it, here and in loading: its logs and traces are not this feed's.</remarks>
    public void Start()
    {
        using (ExecutionContext.SuppressFlow())
        {
            _ = Task.Run(() => poll.RunAsync(PollAsync, IsAwaited, stop.Token));
            _ = Task.Run(() => push.RunAsync(stop.Token));
        }
    }

    /// <summary>Since when nobody reads, as a timestamp; null while somebody does.</summary>
    public long? IdleSince
    {
        get
        {
            lock (gate)
                return readers.Count == 0 ? idleSince : null;
        }
    }

    /// <summary>Gives the reader what is new, or wakes it whenever <see cref="Read"/> may have something else for it.</summary>
    /// <returns>The ticket to read with.</returns>
    public long Join(TopicReader reader)
    {
        lock (gate)
        {
            readers.Add(reader);
            return pollsStarted;
        }
    }

    public void Leave(TopicReader reader)
    {
        lock (gate)
        {
            readers.Remove(reader);
            idleSince = time.GetTimestamp();
        }
    }

    /// <summary>Turns a start into a cursor, once the head is known.</summary>
    public bool TryResolve(StreamStart start, out EventId cursor)
    {
        lock (gate)
        {
            cursor = start.After ?? Oldest();
            if (start.After is null && head is not null && start.Newest is { } newest)
                cursor = new EventId(head.Epoch, Math.Max(cursor.Sequence, head.Last - newest));

            return start.After is not null || newestAnswered > 0;
        }
    }

    /// <summary>What follows the cursor. Never waits and never reads the table.</summary>
    /// <param name="cursor">The last event that the reader has.</param>
    /// <param name="ticket">From <see cref="Join"/>.</param>
    /// <param name="isLive">Whether the reader stays: what has only just come, the push loop will give it.</param>
    public FeedRead Read(EventId cursor, long ticket, bool isLive)
    {
        lock (gate)
        {
            if (newestAnswered == 0)
                return Wait(cursor);

            if (head is null)
                return new(FeedReadKind.CaughtUp, cursor);

            if (cursor == EventId.Start)
                cursor = new EventId(head.Epoch, 0);

            // Another process may know a newer head than this one: doubt the cursor only on news from after it came.
            if (cursor.Epoch != head.Epoch)
                return newestAnswered > ticket ? Gap(StreamGap.Epoch, null) : Wait(cursor);

            if (cursor.Sequence > head.Last)
                return newestAnswered > ticket ? Gap(StreamGap.Future, null) : Wait(cursor);

            if (cursor.Sequence == head.Last)
                return new(head.Complete ? FeedReadKind.Complete : FeedReadKind.CaughtUp, cursor);

            if (cursor.Sequence + 1 < first)
                return Gap(StreamGap.Expired, first - 1 - cursor.Sequence);

            var last = isLive ? pushed : head.Last;
            if (cursor.Sequence >= last)
                return new(FeedReadKind.CaughtUp, cursor);

            if (!cache.TryRead(this, cursor.Sequence + 1, last, out var slice))
                return new(FeedReadKind.NotLoaded, cursor);

            var next = new EventId(head.Epoch, slice.Last);
            if (slice.Last < last)
                loads.ReadAhead(next, first, head.Last);

            return new(FeedReadKind.Frames, next, slice);
        }
    }

    /// <summary>For the push loop: the next events that readers which stay have not been given.</summary>
    /// <param name="receivers">Takes the readers, when there are events.</param>
    /// <param name="after">The event before them.</param>
    /// <param name="slice">The events.</param>
    /// <returns>Frames, or NotLoaded, or CaughtUp.</returns>
    public FeedReadKind TakeNews(List<TopicReader> receivers, out EventId after, out FrameSlice slice)
    {
        lock (gate)
        {
            (after, slice) = (default, default);
            if (head is null || pushed >= head.Last)
                return FeedReadKind.CaughtUp;

            pushed = Math.Max(pushed, first - 1);
            after = new EventId(head.Epoch, pushed);
            if (readers.Count == 0)
            {
                pushed = head.Last; // nobody is here: whoever comes reads for itself
                return FeedReadKind.CaughtUp;
            }

            if (!cache.TryRead(this, pushed + 1, head.Last, out slice))
                return FeedReadKind.NotLoaded;

            pushed = slice.Last;
            receivers.AddRange(readers);
            return FeedReadKind.Frames;
        }
    }

    /// <summary>
    /// Reads the table from behind the cursor on, about as much as one request brings; whoever asks meanwhile shares the read.
    /// Null when retention has removed all of it, which the next <see cref="Read"/> then tells.
    /// </summary>
    /// <exception cref="EventLogUnavailableException">The table could not be read.</exception>
    public Task<FrameRun?> LoadAsync(EventId cursor)
    {
        lock (gate)
        {
            return head is null || head.Epoch != cursor.Epoch
                ? Task.FromResult<FrameRun?>(null) // changed since it was read: the next read tells
                : loads.Begin(cursor, first, head.Last);
        }
    }

    /// <summary>Takes in what was read from the table.</summary>
    /// <param name="epoch">The log's then.</param>
    /// <param name="from">The first sequence that was asked for.</param>
    /// <param name="to">The last one.</param>
    /// <param name="runs">What there was of it.</param>
    public void OnLoaded(string epoch, long from, long to, List<FrameRun> runs)
    {
        lock (gate)
        {
            if (head?.Epoch != epoch || stop.IsCancellationRequested)
                return;

            // Rows go only after the head's first has moved: what is missing has expired.
            if (runs.FirstOrDefault()?.First != from)
                first = Math.Max(first, runs.FirstOrDefault()?.First ?? (to + 1));

            runs.ForEach(run => cache.Put(this, run));
        }
    }

    /// <summary>Lets the readers see all there is for themselves.</summary>
    public void LeaveToReaders()
    {
        lock (gate)
        {
            pushed = head?.Last ?? 0;
            WakeReaders();
        }
    }

    /// <summary>Takes note of a write of this process: when it continues what is known, it need not be read from the table.</summary>
    public void OnWritten(TopicHead written, IReadOnlyList<StoredEvent> events)
    {
        var runs = FrameRun.Blocks(written.Epoch, events);
        lock (gate)
        {
            if (stop.IsCancellationRequested)
                return;

            writes++;
            if (events.Count > 0 && head is not null && written.Epoch == head.Epoch && events[0].Sequence == head.Last + 1)
                runs.ForEach(run => cache.Put(this, run));

            if (newestAnswered > 0 && (head is null || written.Epoch != head.Epoch || written.Last >= head.Last))
                Adopt(written, isPolled: false);
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            stop.Cancel();
            cache.Drop(this);
        }

        poll.Hurry();
        push.Hurry();
    }

    private FeedRead Gap(string reason, long? lost)
    {
        var resumeFrom = Oldest();
        return new(FeedReadKind.Gap, resumeFrom, Gap: new StreamGap(reason, lost, resumeFrom));
    }

    private EventId Oldest() => head is null ? EventId.Start : new EventId(head.Epoch, first - 1);

    private FeedRead Wait(EventId cursor)
    {
        someoneWaits = true;
        poll.Hurry();
        return new(isFailing ? FeedReadKind.StorageUnavailable : FeedReadKind.Waiting, cursor);
    }

    private bool IsAwaited()
    {
        lock (gate)
            return someoneWaits;
    }

    /// <returns>Whether there was news.</returns>
    private async Task<bool> PollAsync()
    {
        long number, writesBefore;
        lock (gate)
            (number, writesBefore) = (++pollsStarted, writes);

        try
        {
            var polled = await log.ReadHeadAsync(Topic, stop.Token);
            lock (gate)
            {
                // Overtaken by a write of this process: what was read may be older than what is known.
                var isOvertaken = writes != writesBefore && newestAnswered > 0;
                if (isOvertaken && polled?.Epoch != head?.Epoch)
                    return true; // which of the two is the older, the next poll tells

                if (isOvertaken && polled?.Last <= head?.Last)
                    polled = head;

                var recovered = isFailing;
                isFailing = false;
                newestAnswered = number;
                var isNews = polled != head || recovered;
                if (isNews || someoneWaits)
                    Adopt(polled, isPolled: true);

                return isNews;
            }
        }
        catch (Exception fault)
        {
            // Whatever it is, the polling goes on: streams hang on it.
            if (!stop.IsCancellationRequested)
                LogPollFailed(Topic, fault.Message);

            lock (gate)
            {
                isFailing = true;
                WakeReaders();
            }

            return false;
        }
        finally
        {
            firstAnswer.TrySetResult();
        }
    }

    /// <param name="newest">The head as it is now.</param>
    /// <param name="isPolled">Whether the table says so: that answers a reader in doubt, which a write of this process does not.</param>
    private void Adopt(TopicHead? newest, bool isPolled)
    {
        // Events that continue what readers know reach them by the push loop; all else they see for themselves, at once.
        var hasMoreOfTheSame = head is not null && newest is not null && newest.Last >= head.Last
            && newest == head with { Last = newest.Last, AppendId = newest.AppendId, ETag = newest.ETag };
        if (newest?.Epoch != head?.Epoch || newest?.Last < head?.Last)
        {
            cache.Drop(this);
            first = 1;
        }

        head = newest;
        first = Math.Max(first, newest?.First ?? 1);
        if (hasMoreOfTheSame)
        {
            push.Hurry();
            if (isPolled && someoneWaits)
                WakeReaders();
        }
        else
        {
            LeaveToReaders();
        }
    }

    private void WakeReaders()
    {
        someoneWaits = false;
        foreach (var reader in readers)
            reader.Wake();
    }

    [LoggerMessage(EventId = 101, Level = LogLevel.Warning, Message = "The head of topic {Topic} could not be read: {Fault}")]
    private partial void LogPollFailed(Topic topic, string fault);
}
