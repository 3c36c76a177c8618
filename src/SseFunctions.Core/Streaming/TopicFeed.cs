using Microsoft.Extensions.Logging;
using SseFunctions.EventLog;
using EventId = SseFunctions.EventLog.EventId;

namespace SseFunctions.Streaming;

/// <summary>
/// One topic, for all its readers in this process. Hints say what is new, looks at the head find the rest, and what any reader
/// lacks is read from the table once and kept as frames. Replay and live are the same read at different cursors.
/// </summary>
internal sealed class TopicFeed : IDisposable
{
    private readonly TableReads reads;
    private readonly FrameCache cache;
    private readonly Action<TopicFeed> onIdle;

    private readonly Lock gate = new();
    private readonly FeedReaders readers = new();
    private readonly CancellationTokenSource stop = new();

    private readonly HeadPoll poll;
    private readonly TopicLoads loads;
    private readonly PushLoop push;
    private readonly HintFollower hints;
    private volatile TopicView view = TopicView.Unknown;

    public TopicFeed(Topic topic, TableReads reads, FrameCache cache, StreamOptions options, TimeProvider time, ILogger logger, Action<TopicFeed> onIdle)
    {
        (Topic, this.reads, this.cache, this.onIdle) = (topic, reads, cache, onIdle);
        poll = new HeadPoll(ReadHeadAsync, () => view, OnPollFailed, options.PollInterval, time);
        loads = new TopicLoads(topic, reads, cache, this, OnLoaded, ReadHeadAsync, stop.Token);
        push = new PushLoop(topic, () => view.Head?.LastId, TakeNews, LoadAsync, () => Become(known => known.LeftToReaders(), ViewChange.ReadersMustLook), options.FlushInterval, time, logger);
        hints = new HintFollower(() => view, loads.BeginHinted, after => Become(known => known.HintedRowsMissing(after)), poll.Signal);
    }

    public Topic Topic { get; }

    /// <inheritdoc cref="HeadPoll.FirstAnswer"/>
    public Task FirstAnswer => poll.FirstAnswer;

    /// <summary>Begins to poll, after the first reader has joined, so that it trusts the first poll; outside the context of its request.</summary>
    public void Start()
    {
        using (ExecutionContext.SuppressFlow())
        {
            _ = Task.Run(() => poll.RunAsync(stop.Token));
            _ = Task.Run(() => push.RunAsync(stop.Token));
        }
    }

    public bool HasReaders => Locked(() => readers.Count > 0);

    /// <summary>From now on the reader is given what is new, or woken to <see cref="Read"/>, with the ticket that this returns.</summary>
    public long Join(IFeedReader reader)
    {
        lock (gate)
        {
            readers.Add(reader);
            return view.PollsStarted;
        }
    }

    public void Leave(IFeedReader reader)
    {
        Locked(() => readers.Remove(reader));
        if (!HasReaders)
            onIdle(this);
    }

    /// <inheritdoc cref="TopicView.TryResolve"/>
    public bool TryResolve(StreamStart start, long ticket, out EventId cursor, out FeedRead unresolved)
    {
        lock (gate)
        {
            var isResolved = view.TryResolve(start, ticket, out cursor);
            unresolved = isResolved ? default : AwaitedIfWaiting(view.Wait(cursor));
            return isResolved;
        }
    }

    /// <inheritdoc cref="TopicView.ReadActive"/>
    public FeedRead ReadActive(long ticket) => Locked(() => AwaitedIfWaiting(view.ReadActive(ticket)));

    /// <summary>What follows the cursor. Never waits and never reads the table.</summary>
    /// <inheritdoc cref="TopicView.Read"/>
    /// <param name="max">The last sequence that the reader wants, and nothing is to be read ahead; null to go on.</param>
    public FeedRead Read(EventId cursor, long ticket, bool isLive, FrameBuffer? loaded = null, EventFilter? filter = null, long? max = null)
    {
        lock (gate)
        {
            var read = AwaitedIfWaiting(view.Read(cursor, ticket, isLive));
            loaded = loaded?.Epoch == read.Cursor.Epoch ? loaded : null;
            if (read.Kind != FeedReadKind.NotLoaded || !cache.TryRead(this, read.Cursor.Sequence + 1, Math.Min(read.Until, max ?? read.Until), loaded, out var slice, filter))
                return read;

            var next = read.Cursor with { Sequence = slice.Last };
            if (slice.Last < read.Until && max is null)
                loads.ReadAhead(next, view.Head!.Last);

            return read with { Kind = FeedReadKind.Frames, Cursor = next, Slice = slice };
        }
    }

    /// <summary>Reads what follows the cursor from the table, about as much as one request brings; whoever asks meanwhile shares the read.</summary>
    /// <returns>Null when retention has removed all of it, which the next <see cref="Read"/> reports.</returns>
    public Task<FrameBuffer?> LoadAsync(EventId cursor)
    {
        var known = view;
        return known.Head?.Epoch == cursor.Epoch
            ? loads.Begin(cursor, known.Head.Last)
            : Task.FromResult<FrameBuffer?>(null); // changed since it was read: the next read reports it
    }

    /// <summary>Takes note of a write of this process, which then need not be read from the table.</summary>
    public void OnWritten(TopicHead written, IReadOnlyList<StoredEvent> events)
    {
        var buffers = FrameBuffer.From(written.Epoch, events);
        lock (gate)
        {
            if (stop.IsCancellationRequested)
                return;

            if (events.Count > 0 && written.Epoch == view.Head?.Epoch && events[0].Sequence == view.Head.Last + 1)
                buffers.ForEach(buffer => cache.Put(this, buffer));

            Become(view.Written(written, out var change), change);
        }

        hints.Signal();
    }

    /// <inheritdoc cref="TopicView.Hinted"/>
    public void OnHint(EventId last, bool hasEnded)
    {
        Become(known => known.Hinted(last, hasEnded));
        hints.Signal();
    }

    /// <inheritdoc cref="HeadPoll.LookSoon"/>
    public void LookSoon() => poll.LookSoon();

    public void Dispose()
    {
        lock (gate)
        {
            _ = stop.CancelAsync(); // what is cancelled must not run under the lock
            cache.Evict(this);
        }

        poll.Signal();
        push.Signal();
    }

    private void OnLoaded(EventId after, long to, List<FrameBuffer> buffers)
    {
        lock (gate)
        {
            if (view.Head?.Epoch != after.Epoch || stop.IsCancellationRequested)
                return;

            view = view.Loaded(after.Sequence + 1, to, buffers.FirstOrDefault()?.First);
            buffers.ForEach(buffer => cache.Put(this, buffer));
            if (buffers.LastOrDefault()?.Last is { } last)
                Become(view.Proved(after with { Sequence = last }, out var change), change);
        }
    }

    private FeedRead AwaitedIfWaiting(FeedRead read)
    {
        if (read.Kind is not (FeedReadKind.Waiting or FeedReadKind.StorageUnavailable))
            return read;

        view = view.IsAwaited ? view : view with { IsAwaited = true };
        poll.Signal();
        return read;
    }

    private async Task ReadHeadAsync()
    {
        TopicView before;
        lock (gate)
            before = view = view.PollStarted();

        var polled = await reads.HeadAsync(Topic, stop.Token);
        lock (gate)
            Become(view.PollAnswered(before.PollsStarted, before.Writes, polled, out var change), change);

        hints.Signal();
    }

    private void OnPollFailed(Exception ex)
    {
        if (!stop.IsCancellationRequested)
            reads.LogFailure(Topic, "The head", ex.Message);

        Become(known => known.PollFailed(), ViewChange.ReadersMustLook);
    }

    private EventId? TakeNews(EventId? until, out IFeedReader[] receivers, out FrameSlice slice)
    {
        (receivers, slice) = ([], default);
        lock (gate)
        {
            if (view.News(until) is not { } after)
                return null;

            if (readers.Count == 0)
            {
                view = view.PushedTo(until!.Value.Sequence); // nobody is here: whoever comes reads for itself
                return null;
            }

            if (cache.TryRead(this, after.Sequence + 1, until!.Value.Sequence, null, out slice))
            {
                view = view.PushedTo(slice.Last);
                receivers = readers.All;
            }

            return after;
        }
    }

    private T Locked<T>(Func<T> read)
    {
        lock (gate)
            return read();
    }

    private void Become(Func<TopicView, TopicView> next, ViewChange change = ViewChange.None)
    {
        lock (gate)
            Become(next(view), change);
    }

    private void Become(TopicView next, ViewChange change)
    {
        view = next;
        if (change.HasFlag(ViewChange.OtherLog))
            cache.Evict(this);

        if (change.HasFlag(ViewChange.MoreEvents))
            push.Signal();

        if (change.HasFlag(ViewChange.ReadersMustLook))
        {
            foreach (var reader in readers.All)
                reader.Wake();
        }
    }
}
