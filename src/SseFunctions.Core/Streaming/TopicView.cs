using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>
/// What this process knows of a topic, and what follows from it for a reader. Immutable, without lock, time and I/O: a
/// <see cref="TopicFeed"/> goes from one view to the next, and the tests visit every view that there can be.
/// </summary>
internal sealed record TopicView
{
    /// <summary>Before the table has answered.</summary>
    public static readonly TopicView Unknown = new();

    /// <summary>The topic's head as it was last seen; null while there is no log.</summary>
    public TopicHead? Head { get; init; }

    /// <summary>The epoch of the log that was known before this one, or before there was none; null when there was no other.</summary>
    public string? FormerEpoch { get; init; }

    /// <summary>The first sequence that may still be in the table: the head's, or later if a read found rows gone.</summary>
    public long First { get; init; } = 1;

    /// <summary>Up to where readers that stay have been given the events; what has come since, the push loop gives them next.</summary>
    public long Pushed { get; init; }

    /// <summary>Polls are numbered as they start. The number is a reader's ticket: it trusts polls that started after it joined.</summary>
    public long PollsStarted { get; init; }

    public long NewestAnswered { get; init; }

    /// <summary>Writes of this process to the known log, deletions, and rows that showed others': a poll during which one has come may bring an older head than the known one.</summary>
    public long Writes { get; init; }

    /// <summary>Whether the last poll has failed.</summary>
    public bool IsFailing { get; init; }

    /// <summary>Whether a reader waits for the next poll's answer.</summary>
    public bool IsAwaited { get; init; }

    /// <summary>The newest event that a hint or a write of this process has announced; null for none.</summary>
    public EventId? Hint { get; init; }

    /// <summary>Whether only the head can tell what the hint means: the topic has ended, announced rows were not there, or a write was to another log.</summary>
    public bool IsHintForHead { get; init; }

    /// <summary>The poll whose answer settles the hint, whatever it is: one that started after the hint came.</summary>
    public long HintPoll { get; init; }

    /// <summary>The last event of a head that a poll found and no hint has announced so far; null for none.</summary>
    public EventId? Unannounced { get; init; }

    /// <summary>The last of the rows that a hint has announced and that can be read without the head; null for none.</summary>
    public long? HintedRows => IsHintOpen && IsKnown && !IsHintForHead && Head is { Complete: false } && Head.Epoch == Hint!.Value.Epoch ? Hint.Value.Sequence : null;

    /// <summary>Whether the head is to be read because of a hint.</summary>
    public bool IsHeadDue => IsHintOpen && HintedRows is null;

    private bool IsHintOpen => Hint is { } hint && NewestAnswered < HintPoll && !(IsKnown && Covers(Head?.LastId, hint) && (!IsHintForHead || Head!.Complete));

    private bool IsKnown => NewestAnswered > 0;

    /// <summary>Turns a start into a cursor.</summary>
    /// <param name="ticket">How many polls had started when the reader joined.</param>
    /// <returns>False while the head is not known, or may be older than the event before which to end.</returns>
    public bool TryResolve(StreamStart start, long ticket, out EventId cursor)
    {
        cursor = start.LastEventId ?? Oldest();
        if (start.LastEventId is null && Head is not null && start.Newest is { } newest)
            cursor = new EventId(Head.Epoch, Math.Max(cursor.Sequence, LastBefore(start.Before) - newest));

        return start.LastEventId is not null || (IsKnown && (NewestAnswered > ticket || Reaches(start.Before)));
    }

    /// <summary>Whether a hint or a write of this process has announced an event, or a later one.</summary>
    public bool IsAnnounced(EventId id) => Covers(Hint, id);

    /// <summary>What follows a cursor.</summary>
    /// <param name="isLive">Whether the reader stays: what has only just come, the push loop will give it.</param>
    /// <returns><see cref="FeedReadKind.NotLoaded"/> when there are events after the cursor, wherever they are.</returns>
    public FeedRead Read(EventId cursor, long ticket, bool isLive)
    {
        if (!IsKnown)
            return Wait(cursor);

        if (Head is null && cursor == EventId.Start)
            return new(FeedReadKind.CaughtUp, cursor);

        if (Head is null) // deleted or expired, or another process has begun the log since the last poll
            return NewestAnswered > ticket ? Gap(StreamGap.Deleted, null) : Wait(cursor);

        if (cursor == EventId.Start)
            cursor = new EventId(Head.Epoch, 0);

        // Another process may know a newer head than this one: doubt the cursor only on news from after it came.
        if (cursor.Epoch != Head.Epoch)
            return NewestAnswered > ticket ? Gap(StreamGap.Epoch, null) : Wait(cursor);

        if (cursor.Sequence > Head.Last)
            return NewestAnswered > ticket ? Gap(StreamGap.Future, null) : Wait(cursor);

        if (cursor.Sequence == Head.Last)
            return new(Head.Complete ? FeedReadKind.Complete : FeedReadKind.CaughtUp, cursor);

        if (cursor.Sequence + 1 < First)
            return Gap(StreamGap.Expired, First - 1 - cursor.Sequence);

        var until = isLive ? Pushed : Head.Last;
        return new(cursor.Sequence < until ? FeedReadKind.NotLoaded : FeedReadKind.CaughtUp, cursor, until);
    }

    /// <summary>Whether the topic has begun and goes on.</summary>
    /// <returns><see cref="FeedReadKind.CaughtUp"/> when it does, <see cref="FeedReadKind.Complete"/> when it does not.</returns>
    public FeedRead ReadActive(long ticket) => Head switch
    {
        { Complete: false } => new(FeedReadKind.CaughtUp, default),
        null when NewestAnswered <= ticket => Wait(default), // another process may have begun it since the last poll
        _ => new(FeedReadKind.Complete, default),
    };

    /// <summary>What a reader gets that needs a newer head.</summary>
    public FeedRead Wait(EventId cursor) => new(IsFailing ? FeedReadKind.StorageUnavailable : FeedReadKind.Waiting, cursor);

    /// <summary>The event after which readers that stay have been given nothing yet.</summary>
    /// <param name="until">The head that the round began with; null when there was none.</param>
    /// <returns>Null when there is nothing more up to that head.</returns>
    public EventId? News(EventId? until)
    {
        var after = Math.Max(Pushed, First - 1);
        return Head is not null && Head.Epoch == until?.Epoch && after < until.Value.Sequence ? new EventId(Head.Epoch, after) : null;
    }

    public TopicView PushedTo(long last) => this with { Pushed = Math.Max(Pushed, last) };

    /// <summary>With everything for the readers to see for themselves, and nothing left for the push loop.</summary>
    public TopicView LeftToReaders() => this with { Pushed = Head?.Last ?? 0, IsAwaited = false };

    public TopicView PollStarted() => this with { PollsStarted = PollsStarted + 1 };

    public TopicView PollFailed() => this with { IsFailing = true, IsAwaited = false };

    /// <summary>Takes in a poll's answer.</summary>
    /// <param name="number">The poll's, from <see cref="PollsStarted"/>.</param>
    /// <param name="writesBefore"><see cref="Writes"/> when it started.</param>
    public TopicView PollAnswered(long number, long writesBefore, TopicHead? polled, out ViewChange change)
    {
        change = ViewChange.None;
        polled = polled is { IsDeleted: true } ? null : polled;
        if (number < NewestAnswered)
            return this; // a poll that started later has answered already

        // Overtaken by a write of this process: what was read may be older than what is known.
        var isOvertaken = Writes != writesBefore && IsKnown;
        if (isOvertaken && polled?.Epoch != Head?.Epoch)
            return this; // which of the two is the older, the next poll tells

        // Completion is final, so a head that has it is never the older one.
        if (isOvertaken && polled?.Last <= Head?.Last && polled is not { Complete: true })
            polled = Head;

        var isUnannounced = IsKnown && polled is not null && !Covers(Head?.LastId, polled.LastId) && !Covers(Hint, polled.LastId) && !(IsHintOpen && Hint!.Value.Epoch != polled.Epoch);
        var view = this with { NewestAnswered = number, IsFailing = false, Unannounced = isUnannounced ? polled!.LastId : Unannounced };
        return polled != Head || IsAwaited ? view.Adopt(polled, isPolled: true, out change) : view;
    }

    /// <summary>Takes in a write of this process.</summary>
    public TopicView Written(TopicHead written, out ViewChange change)
    {
        change = ViewChange.None;
        if (!IsKnown) // the first poll may have read the head before this write, and no other hint of it will come
            return Hinted(written.LastId, hasEnded: written.Complete || written.IsDeleted);

        var view = (written.IsDeleted ? this : Announced(written.LastId)) with { Writes = Writes + 1 };
        if (written.IsDeleted) // the log may have begun anew since
            return Head?.Epoch == written.Epoch ? view.Adopt(null, isPolled: false, out change) : view;

        if (Head is null ? written.Epoch == FormerEpoch : written.Epoch != Head.Epoch) // which log is the newer, the head tells; so no poll is overtaken
            return Hinted(written.LastId, hasEnded: true);

        return Head is null || written.Last >= Head.Last ? view.Adopt(written, isPolled: false, out change) : view;
    }

    /// <summary>Takes note of what the change feed says. It is adopted only when the head or rows show it.</summary>
    /// <param name="hasEnded">Whether the topic was completed or deleted.</param>
    public TopicView Hinted(EventId last, bool hasEnded)
    {
        var isOlder = IsHintOpen && Covers(Hint, last);
        return Announced(last) with
        {
            // What only the head can settle stays so until it is read: hints of two writers come in any order.
            IsHintForHead = hasEnded || (IsHintOpen && (IsHintForHead || Hint?.Epoch != last.Epoch)),
            HintPoll = isOlder && !hasEnded ? HintPoll : PollsStarted + 1,
        };
    }

    /// <summary>Rows that a hint announced could not be read, or were not there.</summary>
    /// <param name="after">The event after which they were asked for.</param>
    public TopicView HintedRowsMissing(EventId after) => HintedRows is not null && Head!.LastId == after ? this with { IsHintForHead = true } : this;

    /// <summary>Takes in rows after the known head: they are there, so they were committed.</summary>
    public TopicView Proved(EventId last, out ViewChange change)
    {
        change = ViewChange.None;
        return Head?.Epoch == last.Epoch && Head.Last < last.Sequence
            ? (this with { Writes = Writes + 1 }).Adopt(Head with { Last = last.Sequence }, isPolled: false, out change)
            : this;
    }

    /// <summary>Takes in what a read of the table has brought. Rows go only after the head's first has moved: what is missing has expired.</summary>
    /// <param name="from">The first sequence that was asked for.</param>
    /// <param name="to">The last one that was known to be committed.</param>
    /// <param name="found">The first one that was there; null for none.</param>
    public TopicView Loaded(long from, long to, long? found) => found == from || (found is null && to < from) ? this : this with { First = Math.Max(First, found ?? (to + 1)) };

    /// <summary>Whether all events before another are known. Where not, another process may know a newer head than this one.</summary>
    private bool Reaches(EventId? before) => before is not { } id || (id.Epoch == Head?.Epoch && id.Sequence - 1 <= Head.Last);

    private long LastBefore(EventId? before) => before is { } id && id.Epoch == Head!.Epoch ? Math.Min(Head.Last, id.Sequence - 1) : Head!.Last;

    private TopicView Announced(EventId last) => this with
    {
        Hint = Covers(Hint, last) || (IsHintOpen && Hint!.Value.Epoch != last.Epoch) ? Hint : last, // a write to the old log settles nothing of the new one
        Unannounced = Unannounced is { } news && Covers(last, news) ? null : Unannounced,
    };

    private static bool Covers(EventId? known, EventId id) => known?.Epoch == id.Epoch && known.Value.Sequence >= id.Sequence;

    /// <param name="newest">The head as it is now.</param>
    /// <param name="isPolled">Whether the table says so: that answers a reader in doubt, which a write of this process does not.</param>
    private TopicView Adopt(TopicHead? newest, bool isPolled, out ViewChange change)
    {
        var isSameLog = newest?.Epoch == Head?.Epoch && !(newest?.Last < Head?.Last);
        var former = newest?.Epoch == Head?.Epoch ? FormerEpoch : Head?.Epoch ?? FormerEpoch;
        var view = this with { Head = newest, FormerEpoch = former, First = Math.Max(isSameLog ? First : 1, newest?.First ?? 1) };

        // Events that continue what readers know reach them by the push loop; all else they see for themselves, at once.
        if (isSameLog && Head is not null && newest == Head with { Last = newest!.Last, AppendId = newest.AppendId, ETag = newest.ETag })
        {
            var isAnswered = isPolled && IsAwaited;
            change = ViewChange.MoreEvents | (isAnswered ? ViewChange.ReadersMustLook : ViewChange.None);
            return isAnswered ? view with { IsAwaited = false } : view;
        }

        change = ViewChange.ReadersMustLook | (isSameLog ? ViewChange.None : ViewChange.OtherLog);
        return view.LeftToReaders();
    }

    private FeedRead Gap(string reason, long? lost) => new(FeedReadKind.Gap, Oldest(), Gap: new StreamGap(reason, lost, Oldest()));

    private EventId Oldest() => Head is null ? EventId.Start : new EventId(Head.Epoch, First - 1);
}
