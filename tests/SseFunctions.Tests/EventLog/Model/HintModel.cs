using SseFunctions.EventLog;
using SseFunctions.Streaming;

namespace SseFunctions.Tests.EventLog.Model;

/// <summary>
/// The change feed as steps: two ChangeFeedWriters' hints after their commits, ChangeFeedReader's polls, HintFollower's read of the
/// rows, HeadPoll's look, and publishers that may die at any time. What the feed knows is the real TopicView's. Nothing expires here.
/// </summary>
/// <param name="maxEvents">After which the topic may only be completed.</param>
/// <param name="isBLate">Whether flushes of B as well may get no answer and arrive later.</param>
internal sealed class HintModel(HintMistake mistake, int maxEvents, bool isBLate)
{
    private const string Epoch = "epoch0";

    private bool HintsFirst => mistake is HintMistake.HintBeforeCommit or HintMistake.HintAdoptedWithoutRows or HintMistake.MissingTakenForExpired;

    /// <returns>The promise that is broken and the shortest way there, null when none is; and all states.</returns>
    public (string? Broken, int States) Explore()
    {
        var parents = new Dictionary<Hints, (Hints? From, string Step)> { [Hints.Start] = (null, "") };
        var queue = new Queue<Hints>([Hints.Start]);
        while (queue.TryDequeue(out var state))
        {
            var moves = ReaderMoves(state).ToList();
            if (Broken(state, isQuiet: moves.Count == 0 && state is { IsHintUnderWay: false, IsCommitted: true }) is { } broken)
                return ($"{broken}:\n{WayTo(parents, state)}", parents.Count);

            foreach (var (step, next) in moves.Concat(WriterMoves(state, isB: false)).Concat(WriterMoves(state, isB: true)).Concat(Looks(state)))
            {
                if (parents.TryAdd(next, (state, step)))
                    queue.Enqueue(next);
            }
        }

        return (null, parents.Count);
    }

    private string? Broken(Hints state, bool isQuiet)
    {
        if (state.View.Head is { } head && (head.Last > state.Last || (head.Complete && !state.HasEnded)))
            return $"promise 1: event {head.Last} is known and was never committed";

        if (state.View.First > 1)
            return "promise 3: events count as expired that are there";

        if (mistake is HintMistake.HintAdoptedWithoutRows or HintMistake.MissingTakenForExpired)
            return null; // what comes of a hint before its commit is another mistake's

        if (!isQuiet || IsUpToDate(state) || state.View.NewestAnswered == 0)
            return null;

        return !Looks(state).Any() ? "promise 9: an event is never found"
            : state.IsHintLost ? null
            : "promise 9: an event waits for a look though its publisher lives";
    }

    private static bool IsUpToDate(Hints state) =>
        ((int)(state.View.Head?.Last ?? 0), state.View.Head?.Complete ?? false) == (state.Last, state.HasEnded);

    /// <summary>All but looks, which are far apart.</summary>
    private IEnumerable<(string Step, Hints State)> ReaderMoves(Hints state)
    {
        foreach (var isB in (bool[])[false, true])
        {
            if (state.Writer(isB) is { Unread: { } said } writer)
                yield return ($"the reader reads {Name(isB)}'s page", Canonical(Hinted(state.With(isB, writer with { Unread = null }), said)));
        }

        if (state.Poll is null && (state.View.NewestAnswered == 0 || state.View.IsHeadDue || state.HasGap))
            yield return ("the head is asked for", StartPoll(state));
        else if (state.Poll == Hints.NotAsked)
            yield return ("the table reads the head", state with { Poll = new(state.Last, state.HasEnded) });
        else if (state.Poll is { } polled)
            yield return ("the head is answered", Canonical(PollAnswered(state, polled)));

        if (state.From is null && state.View is { HintedRows: { } last, Head: { } head })
            yield return ("rows are asked for", state with { From = (int)head.Last, To = (int)last, Load = -1 });
        else if (state is { From: not null, Load: -1 })
            yield return ("the table reads the rows", state with { Load = state.Last });
        else if (state.From is { } from)
            yield return ("the rows are answered", Canonical(LoadAnswered(state, from)));
    }

    private IEnumerable<(string Step, Hints State)> Looks(Hints state)
    {
        if (mistake != HintMistake.NoLook && state.Poll is null && state.View.NewestAnswered > 0 && !IsUpToDate(state))
            yield return ("a look", StartPoll(state));
    }

    private IEnumerable<(string Step, Hints State)> WriterMoves(Hints state, bool isB)
    {
        var (writer, name) = (state.Writer(isB), Name(isB));
        if (writer.Late is { } late)
            yield return ($"{name}'s lost flush arrives", Arrived(state, isB, writer with { Late = null }, late));

        // Half a minute without an answer: what is there by then is not read.
        if (!isB && (state.A.Unread ?? state.B.Unread) is not null && !state.HasGap)
            yield return ("the reader begins anew", state with { A = state.A with { Unread = null }, B = state.B with { Unread = null }, HasGap = mistake != HintMistake.GapUnnoticed });

        if (writer.IsDead)
            yield break;

        yield return ($"{name} dies", Died(state, isB, writer));
        if (HintsFirst && !isB && !state.IsCommitted)
            yield return ("A commits", state with { Last = state.Last + 1, IsCommitted = true });
        else if (HintsFirst && !isB && state.Last < maxEvents)
            yield return ("A hints", state with { IsCommitted = false, A = writer with { Unread = new(state.Last + 1, false) } });
        else if (!HintsFirst && !state.HasEnded && state.Last < maxEvents)
            yield return ($"{name} commits", (state with { Last = state.Last + 1 }).With(isB, writer with { ToHint = new(state.Last + 1, false) }));

        if (!HintsFirst && isB && !state.HasEnded)
            yield return ("B completes the topic", state with { HasEnded = true, B = writer with { ToHint = new(state.Last, true) } });

        if (writer.ToHint is { } news)
        {
            yield return ($"{name} hints", Flushed(state, isB, writer with { ToHint = null }, news));
            if (writer.Late is null && (!isB || isBLate))
                yield return ($"{name} hints without an answer", state.With(isB, writer with { Late = news }));
        }
    }

    private Hints Flushed(Hints state, bool isB, HintingWriter writer, Announcement said)
    {
        var next = state.With(isB, writer with { Unread = said });
        return mistake == HintMistake.SharedPage ? next.With(!isB, next.Writer(!isB) with { Unread = null }) : next;
    }

    /// <summary>A page of another name. Under the same name it takes the place of what was flushed since.</summary>
    private Hints Arrived(Hints state, bool isB, HintingWriter writer, Announcement late)
    {
        var isNewer = late.HasEnded || writer.Unread is not { } unread || (late.Last > unread.Last && !unread.HasEnded);
        return state.With(isB, writer with { Unread = isNewer || mistake == HintMistake.SamePageAgain ? late : writer.Unread });
    }

    private static Hints Died(Hints state, bool isB, HintingWriter writer) =>
        (state with { IsHintLost = state.IsHintLost || writer.ToHint is not null || (!isB && !state.IsCommitted), IsCommitted = state.IsCommitted || !isB })
            .With(isB, writer with { IsDead = true, ToHint = null });

    /// <summary>TopicFeed.OnHint.</summary>
    private Hints Hinted(Hints state, Announcement said)
    {
        var id = new EventId(Epoch, said.Last);
        var view = state.View.Hinted(id, said.HasEnded && mistake != HintMistake.EndUnheeded);
        return state with { View = mistake == HintMistake.HintAdoptedWithoutRows && view.Head is not null ? view.Proved(id, out _) : view };
    }

    private static Hints StartPoll(Hints state)
    {
        var view = state.View.PollStarted();
        return state with { View = view, Poll = Hints.NotAsked, PollWrites = view.Writes, HasGap = false };
    }

    /// <summary>TopicFeed.ReadHeadAsync.</summary>
    private static Hints PollAnswered(Hints state, Announcement polled)
    {
        var head = polled == default ? null : new TopicHead(Epoch, 1, polled.Last, polled.HasEnded, "", default);
        return state with { View = state.View.PollAnswered(state.View.PollsStarted, state.PollWrites, head, out _), Poll = null, PollWrites = 0 };
    }

    /// <summary>TopicLoads.LoadAsync and TopicFeed.OnLoaded; where nothing is there, HintFollower has the head read.</summary>
    private Hints LoadAnswered(Hints state, int from)
    {
        var last = Math.Min(state.Load, state.To);
        var committed = mistake == HintMistake.MissingTakenForExpired ? state.To : from;
        var view = state.View.Loaded(from + 1, Math.Min(state.To, committed), last > from ? from + 1 : null);
        if (last > from)
            view = view.Proved(new EventId(Epoch, last), out _);

        view = view.Head!.Last == from ? view.HintedRowsMissing(new EventId(Epoch, from)) : view;
        return state with { View = view, From = null, To = 0, Load = -1 };
    }

    /// <summary>Numbers matter only by their order, and what nobody will look at again not at all.</summary>
    private static Hints Canonical(Hints state)
    {
        var view = state.View;
        var (answered, isOpen) = (view.NewestAnswered > 0 ? 1 : 0, view.IsHeadDue || view.HintedRows is not null);
        var started = answered + (state.Poll is null ? 0 : 1);
        return state with
        {
            View = view with
            {
                NewestAnswered = answered,
                PollsStarted = started,
                HintPoll = isOpen ? started + (view.HintPoll > view.PollsStarted ? 1 : 0) : 0,
                Hint = isOpen ? view.Hint : null,
                IsHintForHead = isOpen && view.IsHintForHead,
                Writes = view.Writes - state.PollWrites,
                Unannounced = null,
                Pushed = 0,
            },
            PollWrites = 0,
        };
    }

    private static string Name(bool isB) => isB ? "B" : "A";

    private static string WayTo(Dictionary<Hints, (Hints? From, string Step)> parents, Hints? state)
    {
        var steps = new List<string>();
        for (; state is not null; state = parents[state].From)
            steps.Add(parents[state].Step + "\n");

        steps.Reverse();
        return string.Concat(steps);
    }
}
