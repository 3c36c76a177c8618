using SseFunctions.EventLog;
using SseFunctions.Streaming;

namespace SseFunctions.Tests.EventLog.Model;

/// <summary>
/// The change feed as steps: ChangeFeedWriter's hint after the commit, ChangeFeedReader's poll, HintFollower's read of the rows,
/// HeadPoll's look, and a publisher that may die at any time. What the feed knows is the real TopicView's. Nothing expires here.
/// </summary>
internal sealed class HintModel(HintMistake mistake, int maxEvents)
{
    private const string Epoch = "epoch0";
    private const int MaxFlushes = 5;

    private static readonly Hints Start = new(0, false, true, 0, 0, 0, 0, 0, false, TopicView.Unknown, null, 0, -1, null, 0);

    private bool HintsFirst => mistake is HintMistake.HintBeforeCommit or HintMistake.HintAdoptedWithoutRows or HintMistake.MissingTakenForExpired;

    /// <returns>The promise that is broken and the shortest way there, null when none is; and all states.</returns>
    public (string? Broken, int States) Explore()
    {
        var parents = new Dictionary<Hints, (Hints? From, string Step)> { [Start] = (null, "") };
        var queue = new Queue<Hints>([Start]);
        while (queue.TryDequeue(out var state))
        {
            var moves = ReaderMoves(state).ToList();
            if (Broken(state, isQuiet: moves.Count == 0 && state is { ToHint: 0, IsCommitted: true }) is { } broken)
                return ($"{broken}:\n{WayTo(parents, state)}", parents.Count);

            foreach (var (step, next) in moves.Concat(WriterMoves(state)).Concat(Looks(state)))
            {
                if (parents.TryAdd(next, (state, step)))
                    queue.Enqueue(next);
            }
        }

        return (null, parents.Count);
    }

    private string? Broken(Hints state, bool isQuiet)
    {
        var known = state.View.Head?.Last ?? 0;
        if (known > state.Last)
            return $"promise 1: event {known} is known and was never committed";

        if (state.View.First > 1)
            return "promise 3: events count as expired that are there";

        if (mistake is HintMistake.HintAdoptedWithoutRows or HintMistake.MissingTakenForExpired)
            return null; // what comes of a hint before its commit is another mistake's

        if (!isQuiet || known == state.Last || state.View.NewestAnswered == 0)
            return null;

        return !Looks(state).Any() ? "promise 9: an event is never found"
            : state.IsDead ? null
            : "promise 9: an event waits for a look though its publisher lives";
    }

    /// <summary>All but looks, which are far apart.</summary>
    private IEnumerable<(string Step, Hints State)> ReaderMoves(Hints state)
    {
        if (state.Handled < state.Sequence)
            yield return ("the reader polls", Canonical(PollChanges(state)));

        if (state.Poll is null && (state.View.NewestAnswered == 0 || state.View.IsHeadDue || state.HasGap))
            yield return ("the head is asked for", StartPoll(state));
        else if (state.Poll == -1)
            yield return ("the table reads the head", state with { Poll = state.Last });
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
        if (mistake != HintMistake.NoLook && state.Poll is null && state.View.NewestAnswered > 0 && (state.View.Head?.Last ?? 0) != state.Last)
            yield return ("a look", StartPoll(state));
    }

    private IEnumerable<(string Step, Hints State)> WriterMoves(Hints state)
    {
        if (state.IsDead || state.Sequence == MaxFlushes)
            yield break;

        yield return ("the publisher dies", state with { IsDead = true, ToHint = 0, IsCommitted = true });
        if (HintsFirst)
        {
            if (!state.IsCommitted)
                yield return ("a commit", state with { Last = state.Last + 1, IsCommitted = true });
            else if (state.Last < maxEvents)
                yield return ("a hint", Flushed(state with { IsCommitted = false }, state.Last + 1));

            yield break;
        }

        if (state.Last < maxEvents)
            yield return ("a commit", state with { Last = state.Last + 1, ToHint = state.Last + 1 });

        if (state.ToHint > 0)
            yield return ("a hint", Flushed(state with { ToHint = 0 }, state.ToHint));
        else if (state.Announced > 0)
            yield return ("a flush of other topics, and the hint drops out", Flushed(state, 0));
    }

    private static Hints Flushed(Hints state, int announced) =>
        state with { Sequence = state.Sequence + 1, Announced = announced, Flush = announced > 0 ? state.Sequence + 1 : state.Flush };

    /// <summary>ChangeFeedReader.Take: Since is the flush after the one that dropped out.</summary>
    private Hints PollChanges(Hints state)
    {
        var next = state with { Handled = state.Sequence };
        if (state.Announced > 0 && state.Flush > state.Handled)
        {
            var id = new EventId(Epoch, state.Announced);
            var view = state.View.Hinted(id, hasEnded: false);
            return next with { View = mistake == HintMistake.HintAdoptedWithoutRows && view.Head is not null ? view.Proved(id, out _) : view };
        }

        var hasGap = state.Announced == 0 && state.Handled < state.Flush && mistake != HintMistake.GapUnnoticed;
        return next with { HasGap = state.HasGap || hasGap };
    }

    private static Hints StartPoll(Hints state)
    {
        var view = state.View.PollStarted();
        return state with { View = view, Poll = -1, PollWrites = view.Writes, HasGap = false };
    }

    /// <summary>TopicFeed.ReadHeadAsync.</summary>
    private static Hints PollAnswered(Hints state, int last)
    {
        var head = last == 0 ? null : new TopicHead(Epoch, 1, last, Complete: false, "", default);
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

    private static string WayTo(Dictionary<Hints, (Hints? From, string Step)> parents, Hints? state)
    {
        var steps = new List<string>();
        for (; state is not null; state = parents[state].From)
            steps.Add(parents[state].Step + "\n");

        steps.Reverse();
        return string.Concat(steps);
    }
}
