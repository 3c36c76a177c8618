using SseFunctions.EventLog;
using SseFunctions.Streaming;

namespace SseFunctions.Tests.Streaming;

/// <summary>What follows from what is known of a topic, step by step; ModelTests visits every view that a reader can meet.</summary>
public class TopicViewTests
{
    private static readonly StreamStart[] AllStarts = [StreamStart.Now, StreamStart.Oldest, StreamStart.Last(3)];

    [Fact]
    public void Read_waits_until_the_table_has_answered()
    {
        var view = TopicView.Unknown.PollStarted();

        Assert.Equal(FeedReadKind.Waiting, view.Read(Id(1), 0, isLive: false).Kind);
        Assert.Equal(FeedReadKind.StorageUnavailable, view.PollFailed().Read(Id(1), 0, isLive: false).Kind);
        Assert.All(AllStarts, start => Assert.False(view.TryResolve(start, 0, out _)));
    }

    [Theory]
    [InlineData(0, 9)]
    [InlineData(3, 6)]
    [InlineData(5, 4)]
    [InlineData(6, 4)]
    [InlineData(null, 4)]
    public void TryResolve_begins_so_many_events_before_the_newest_and_not_before_the_oldest(int? newest, long cursor)
    {
        var view = Polled(TopicView.Unknown, Head(last: 9, first: 5));

        Assert.True(view.TryResolve(newest is { } count ? StreamStart.Last(count) : StreamStart.Oldest, 0, out var resolved));
        Assert.Equal(Id(cursor), resolved);
    }

    /// <summary>Another process may have written the events before it.</summary>
    [Theory]
    [InlineData("abc123-9", 6)]
    [InlineData("zzzz-3", 6)]
    public void TryResolve_waits_for_the_next_poll_when_the_event_to_end_before_is_not_known(string before, long cursor)
    {
        Assert.True(EventId.TryParse(before, out var id));
        var stale = Polled(TopicView.Unknown, Head(last: 5));

        Assert.False(stale.TryResolve(StreamStart.LastBefore(id, 2), stale.PollsStarted, out _));
        Assert.True(stale.TryResolve(StreamStart.LastBefore(Id(6), 2), stale.PollsStarted, out _));
        Assert.True(Polled(stale, Head(last: 8)).TryResolve(StreamStart.LastBefore(id, 2), stale.PollsStarted, out var resolved));
        Assert.Equal(Id(cursor), resolved);
    }

    /// <summary>Hints of two writers come in any order.</summary>
    [Fact]
    public void Head_is_due_after_a_deletion_however_old_the_hint_is_that_comes_next()
    {
        var view = Polled(TopicView.Unknown, Head(last: 9)).Hinted(EventId.Start, hasEnded: true).Hinted(Id(9), hasEnded: false);

        Assert.True(view.IsHeadDue);
    }

    /// <summary>A commit that its process hears of after another log has begun; without the hint nobody would look at the head for a minute.</summary>
    [Fact]
    public void Hint_of_another_log_stays_open_when_a_write_to_the_old_one_is_heard_of()
    {
        var view = Polled(TopicView.Unknown, Head(last: 1)).Hinted(new EventId("other1", 1), hasEnded: false);

        var written = view.Written(Head(last: 2, append: "w"), out _);

        Assert.True(written.IsHeadDue);
    }

    /// <summary>The log may be one from before the known one: its process hears of the commit after the head was first read.</summary>
    [Fact]
    public void Head_is_due_when_a_write_to_a_log_is_heard_of_that_was_never_known()
    {
        var view = Polled(TopicView.Unknown, Head(last: 2) with { Epoch = "other1" });

        var written = view.Written(Head(last: 9, append: "w"), out var change);

        Assert.Equal((view.Head, ViewChange.None, true), (written.Head, change, written.IsHeadDue));
    }

    /// <summary>Where each poll spans a write, its answer would otherwise be left out for ever.</summary>
    [Fact]
    public void Poll_tells_of_another_log_that_this_process_writes_to_meanwhile()
    {
        var started = Polled(TopicView.Unknown, Head(last: 9)).PollStarted();
        var written = started.Written(Head(last: 2, append: "w") with { Epoch = "other1" }, out _);

        var answered = written.PollAnswered(started.PollsStarted, started.Writes, Head(last: 1) with { Epoch = "other1" }, out var change);

        Assert.Equal((new EventId("other1", 1), ViewChange.ReadersMustLook | ViewChange.OtherLog, true), (answered.Head!.LastId, change, answered.IsHeadDue));
    }

    /// <summary>A log that comes back: a write whose answer was lost is tried again with its epoch.</summary>
    [Fact]
    public void Write_to_a_log_that_is_back_is_taken_in_at_once()
    {
        var view = Polled(Polled(Polled(TopicView.Unknown, Head(last: 2)), null), Head(last: 2));

        var written = view.Written(Head(last: 3, append: "w"), out var change);

        Assert.Equal((3, ViewChange.MoreEvents), (written.Head!.Last, change));
    }

    /// <summary>Its publisher's hints come: the topic needs no polls of its own.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Head_of_another_log_is_announced_by_its_hint_in_whichever_order_that_and_the_deletions_come(bool isDeletionFirst)
    {
        var view = Polled(TopicView.Unknown, Head(last: 1));
        var (deletion, hint) = (EventId.Start, new EventId("other1", 1));
        view = view.Hinted(isDeletionFirst ? deletion : hint, hasEnded: isDeletionFirst).Hinted(isDeletionFirst ? hint : deletion, hasEnded: !isDeletionFirst);

        view = Polled(view, Head(last: 1) with { Epoch = "other1" });

        Assert.Null(view.Unannounced);
        Assert.False(view.IsHeadDue);
    }

    /// <summary>The readers have the new log, or know that there is none: they are not told of the old one. Only the head can tell that it is back.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Write_to_a_log_that_is_known_to_be_gone_is_not_adopted(bool isFollowed)
    {
        var other = isFollowed ? Head(last: 1) with { Epoch = "other1" } : null;
        var view = Polled(Polled(TopicView.Unknown, Head(last: 1)), other);

        var written = view.Written(Head(last: 2, append: "w"), out var change);

        Assert.Equal((other, ViewChange.None, true), (written.Head, change, written.IsHeadDue));
        Assert.Equal(2, Polled(written, Head(last: 2, append: "w")).Head!.Last);
    }

    [Fact]
    public void Completion_is_adopted_although_rows_have_proved_its_last_event_meanwhile()
    {
        var asked = Polled(TopicView.Unknown, Head(last: 9)).Hinted(Id(10), hasEnded: true).PollStarted();
        var proved = asked.Proved(Id(10), out _);

        var view = proved.PollAnswered(asked.PollsStarted, asked.Writes, Head(last: 10) with { Complete = true }, out _);

        Assert.Equal(FeedReadKind.Complete, view.Read(Id(10), 0, isLive: false).Kind);
    }

    [Fact]
    public void Read_after_a_topic_began_starts_at_its_first_event_for_a_reader_that_came_before()
    {
        var none = Polled(TopicView.Unknown, null);
        Assert.True(none.TryResolve(StreamStart.Now, 0, out var cursor));
        Assert.Equal(FeedReadKind.CaughtUp, none.Read(cursor, 0, isLive: true).Kind);

        var read = Polled(none, Head(last: 2)).Read(cursor, 0, isLive: false);

        Assert.Equal(new FeedRead(FeedReadKind.NotLoaded, Id(0), Until: 2), read);
    }

    /// <summary>Another process may have delivered an id that this one does not know yet.</summary>
    [Theory]
    [InlineData("abc123", 3, StreamGap.Future)]
    [InlineData("other1", 1, StreamGap.Epoch)]
    public void Read_doubts_a_cursor_only_on_a_poll_that_started_after_the_reader_joined(string epoch, long sequence, string reason)
    {
        var cursor = new EventId(epoch, sequence);
        var before = Polled(TopicView.Unknown, Head(last: 2));
        var inFlight = before.PollStarted();
        var ticket = inFlight.PollsStarted;

        var answered = inFlight.PollAnswered(ticket, 0, Head(last: 2), out _);
        Assert.Equal(FeedReadKind.Waiting, answered.Read(cursor, ticket, isLive: true).Kind);

        var written = answered.Written(Head(last: 2, append: "w"), out _);
        Assert.Equal(FeedReadKind.Waiting, written.Read(cursor, ticket, isLive: true).Kind);

        var gap = Polled(answered, Head(last: 2)).Read(cursor, ticket, isLive: true);
        Assert.Equal(new StreamGap(reason, null, Id(0)), gap.Gap);
        Assert.Equal(Id(0), gap.Cursor);
    }

    [Theory]
    [InlineData(3, 1)]
    [InlineData(2, 2)]
    public void Read_says_how_many_events_have_expired(long cursor, long lost)
    {
        var view = Polled(TopicView.Unknown, Head(last: 9, first: 5));

        var read = view.Read(Id(cursor), 0, isLive: true);

        Assert.Equal(new StreamGap(StreamGap.Expired, lost, Id(4)), read.Gap);
        Assert.NotEqual(FeedReadKind.Gap, view.Read(Id(4), 0, isLive: true).Kind);
    }

    [Theory]
    [InlineData(true, FeedReadKind.Complete)]
    [InlineData(false, FeedReadKind.CaughtUp)]
    internal void Read_at_the_last_event_is_complete_when_the_topic_is(bool isComplete, FeedReadKind kind)
    {
        var view = Polled(TopicView.Unknown, Head(last: 2) with { Complete = isComplete });

        Assert.Equal(kind, view.Read(Id(2), 0, isLive: true).Kind);
        Assert.Equal(FeedReadKind.NotLoaded, view.Read(Id(1), 0, isLive: true).Kind);
    }

    [Fact]
    public void A_head_that_goes_on_is_for_the_push_loop_and_every_other_for_the_readers()
    {
        var view = Polled(TopicView.Unknown, Head(last: 2));

        Assert.Equal(ViewChange.MoreEvents, ChangeBy(Head(last: 3, append: "other")));
        Assert.Equal(ViewChange.None, ChangeBy(Head(last: 2)));
        Assert.Equal(ViewChange.ReadersMustLook, ChangeBy(Head(last: 3, first: 2)));
        Assert.Equal(ViewChange.ReadersMustLook, ChangeBy(Head(last: 2) with { Complete = true }));
        Assert.Equal(ViewChange.ReadersMustLook | ViewChange.OtherLog, ChangeBy(Head(last: 1)));
        Assert.Equal(ViewChange.ReadersMustLook | ViewChange.OtherLog, ChangeBy(Head(last: 3) with { Epoch = "other1" }));
        Assert.Equal(ViewChange.ReadersMustLook | ViewChange.OtherLog, ChangeBy(null));

        ViewChange ChangeBy(TopicHead? head)
        {
            Polled(view, head, out var change);
            return change;
        }
    }

    /// <summary>Nothing is new, and that is what the reader waits for.</summary>
    [Fact]
    public void Poll_without_news_wakes_a_reader_in_doubt_once()
    {
        var view = Polled(TopicView.Unknown, Head(last: 2)) with { IsAwaited = true };

        var answered = Polled(view, Head(last: 2), out var first);
        Polled(answered, Head(last: 2), out var second);

        Assert.True(first.HasFlag(ViewChange.ReadersMustLook));
        Assert.False(answered.IsAwaited);
        Assert.Equal(ViewChange.None, second);
    }

    [Fact]
    public void Write_of_this_process_wakes_no_reader_in_doubt()
    {
        var view = Polled(TopicView.Unknown, Head(last: 2)) with { IsAwaited = true };

        var written = view.Written(Head(last: 3, append: "w"), out var change);

        Assert.Equal(ViewChange.MoreEvents, change);
        Assert.True(written.IsAwaited);
    }

    [Fact]
    public void Poll_that_a_write_has_overtaken_takes_nothing_back()
    {
        var started = Polled(TopicView.Unknown, Head(last: 2)).PollStarted();
        var written = started.Written(Head(last: 3, append: "w"), out _);

        var answered = written.PollAnswered(started.PollsStarted, started.Writes, Head(last: 2), out var change);
        var newer = written.PollAnswered(started.PollsStarted, started.Writes, Head(last: 4, append: "other"), out _);
        var other = written.PollAnswered(started.PollsStarted, started.Writes, Head(last: 9) with { Epoch = "other1" }, out _);

        Assert.Equal((3, ViewChange.None), (answered.Head!.Last, change));
        Assert.Equal(started.PollsStarted, answered.NewestAnswered); // it answers a reader in doubt all the same
        Assert.Equal(4, newer.Head!.Last);
        Assert.Equal(written, other); // which of the two is the older, the next poll tells
    }

    [Fact]
    public void Answer_after_polls_that_failed_says_that_storage_can_be_read_again()
    {
        var failing = Polled(TopicView.Unknown, Head(last: 2)).PollFailed().PollStarted();

        var answered = failing.PollAnswered(failing.PollsStarted, failing.Writes, Head(last: 2), out _);

        Assert.Equal((true, false), (failing.IsFailing, answered.IsFailing));
    }

    [Fact]
    public void Poll_that_answers_after_a_later_one_changes_nothing()
    {
        var first = Polled(TopicView.Unknown, Head(last: 2)).PollStarted();
        var second = first.PollStarted();
        var answered = second.PollAnswered(second.PollsStarted, 0, Head(last: 5, append: "b"), out _);

        var late = answered.PollAnswered(first.PollsStarted, 0, Head(last: 3, append: "a"), out var change);

        Assert.Equal((answered, ViewChange.None), (late, change));
    }

    [Fact]
    public void Older_write_of_this_process_takes_nothing_back()
    {
        var view = Polled(TopicView.Unknown, Head(last: 5));

        Assert.Equal(5, view.Written(Head(last: 4, append: "w"), out _).Head!.Last);
        Assert.Null(TopicView.Unknown.Written(Head(last: 4), out _).Head); // the first poll tells
    }

    [Fact]
    public void Head_is_due_when_hinted_rows_are_missing_after_the_event_that_is_still_the_last()
    {
        var view = Polled(TopicView.Unknown, Head(last: 2)).Hinted(Id(4), hasEnded: false);

        Assert.Equal((4, false), (view.HintedRowsMissing(Id(1)).HintedRows, view.HintedRowsMissing(Id(1)).IsHeadDue)); // 2 has come since
        Assert.Equal((null, true), (view.HintedRowsMissing(Id(2)).HintedRows, view.HintedRowsMissing(Id(2)).IsHeadDue));
    }

    [Fact]
    public void Nobody_waits_for_a_poll_any_more_when_all_is_left_to_the_readers()
    {
        var view = Polled(TopicView.Unknown, Head(last: 2)) with { IsAwaited = true };

        Assert.False(Polled(view, Head(last: 2) with { Complete = true }).IsAwaited);
        Assert.False(view.LeftToReaders().IsAwaited);
    }

    /// <summary>What comes while a round is under way waits for the next one: the flush interval lies between two rounds.</summary>
    [Fact]
    public void Round_goes_up_to_the_head_that_it_began_with()
    {
        var view = Polled(TopicView.Unknown, Head(last: 2)).Written(Head(last: 3, append: "w"), out _);
        var until = view.Head!.LastId;
        Assert.Equal(Id(2), view.News(until));

        view = view.Written(Head(last: 4, append: "x"), out _);
        Assert.Equal(Id(2), view.News(until));
        view = view.PushedTo(3);

        Assert.Null(view.News(until));
        Assert.Equal(Id(3), view.News(view.Head!.LastId));
        Assert.Equal(FeedReadKind.CaughtUp, view.Read(Id(3), 0, isLive: true).Kind);
        Assert.Equal(FeedReadKind.NotLoaded, view.Read(Id(3), 0, isLive: false).Kind);
    }

    [Fact]
    public void Round_ends_when_the_log_is_another_one()
    {
        var view = Polled(TopicView.Unknown, Head(last: 2)).Written(Head(last: 3, append: "w"), out _);
        var until = view.Head!.LastId;

        Assert.Null(Polled(view, Head(last: 9) with { Epoch = "other1" }).News(until));
        Assert.Null(Polled(view, null).News(until));
        Assert.Null(view.News(null));
    }

    [Fact]
    public void Round_begins_at_the_oldest_event_when_those_before_it_have_expired()
    {
        var view = Polled(TopicView.Unknown, Head(last: 2)).Written(Head(last: 9, append: "w"), out _).Loaded(from: 3, to: 9, found: 6);

        Assert.Equal(Id(5), view.News(view.Head!.LastId));
        Assert.Equal(new StreamGap(StreamGap.Expired, 3, Id(5)), view.Read(Id(2), 0, isLive: true).Gap);
    }

    [Fact]
    public void Loaded_takes_missing_rows_for_expired()
    {
        var view = Polled(TopicView.Unknown, Head(last: 9));

        Assert.Equal(1, view.Loaded(from: 3, to: 6, found: 3).First);
        Assert.Equal(5, view.Loaded(from: 3, to: 6, found: 5).First);
        Assert.Equal(7, view.Loaded(from: 3, to: 6, found: null).First);
        Assert.Equal(7, view.Loaded(from: 3, to: 6, found: null).Loaded(from: 3, to: 6, found: 5).First);
        Assert.Equal(1, Polled(view.Loaded(from: 3, to: 6, found: null), Head(last: 1) with { Epoch = "other1" }).First);
    }

    /// <summary>A log whose rows are being deleted is none any more: neither a complete one, nor one whose events have expired.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Deleted_log_is_a_gap_for_those_who_have_its_ids_and_none_for_others(bool isWrittenHere)
    {
        var view = Polled(TopicView.Unknown, Head(last: 2));
        var deleted = Head(last: 2, first: 3) with { Complete = true, IsDeleted = true };

        var after = isWrittenHere ? view.Written(deleted, out var change) : Polled(view, deleted, out change);

        Assert.Equal(ViewChange.ReadersMustLook | ViewChange.OtherLog, change);
        Assert.All((EventId[])[Id(0), Id(1), Id(2)], id => Assert.Equal(new StreamGap(StreamGap.Deleted, null, EventId.Start), after.Read(id, 0, isLive: true).Gap));
        Assert.Equal(FeedReadKind.CaughtUp, after.Read(EventId.Start, 0, isLive: true).Kind);
        Assert.Equal(FeedReadKind.Waiting, after.Read(Id(1), after.PollsStarted, isLive: true).Kind); // another process may have begun a log
    }

    [Fact]
    public void Deletion_of_an_older_log_changes_nothing()
    {
        var view = Polled(TopicView.Unknown, Head(last: 2) with { Epoch = "newer1" });

        var after = view.Written(Head(last: 9) with { IsDeleted = true }, out var change);

        Assert.Equal((view.Head, ViewChange.None), (after.Head, change));
    }

    private static EventId Id(long sequence) => new("abc123", sequence);

    private static TopicHead Head(long last, long first = 1, string append = "a") => new("abc123", first, last, Complete: false, append, default);

    private static TopicView Polled(TopicView view, TopicHead? head) => Polled(view, head, out _);

    private static TopicView Polled(TopicView view, TopicHead? head, out ViewChange change)
    {
        var started = view.PollStarted();
        return started.PollAnswered(started.PollsStarted, started.Writes, head, out change);
    }
}
