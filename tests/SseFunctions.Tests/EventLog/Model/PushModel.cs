using SseFunctions.EventLog;
using SseFunctions.Streaming;

namespace SseFunctions.Tests.EventLog.Model;

/// <summary>
/// How new events reach the streams of a process, as steps: commits of this process and of others, hints, polls, loads, the push
/// loop's rounds, and two streams that read, wait and are woken, while the log may be trimmed, deleted and begun anew. What the feed
/// knows is the real TopicView's; TopicFeed, PushLoop, TopicReader and StreamSession are modelled here.
/// </summary>
/// <param name="maxEvents">Of each log.</param>
/// <param name="hasB">Whether there is a second stream.</param>
/// <param name="hasOtherLog">Whether the log may be deleted and begin anew; if not, its events may expire. With all of it there are more than ten million states.</param>
internal sealed class PushModel(PushMistake mistake, int maxEvents, bool hasB, bool hasOtherLog)
{
    private static readonly string[] Epochs = ["epoch0", "epoch1"];

    private static readonly TopicHead First = new(Epochs[0], 1, 1, Complete: false, "", default);

    /// <summary>A has the only event, and waits or is about to; the table has answered with the head, or not yet.</summary>
    private static readonly Pushes[] Starts = [.. new[] { Known(), TopicView.Unknown }.Select(view => new Pushes(
        First, null, null, view, 0, null, null, new PushRound(PushAt.Waiting, IsSignalled: false), new Client(ClientAt.Reading, First.LastId, false, 0, null), null))];

    /// <returns>The promise that is broken and the shortest way there, null when none is; and all states.</returns>
    public (string? Broken, int States) Explore()
    {
        var parents = Starts.ToDictionary(start => start, _ => ((Pushes? From, string Step))(null, ""));
        var queue = new Queue<Pushes>(Starts);
        while (queue.TryDequeue(out var state))
        {
            var moves = (List<(string Step, Pushes State)>)[.. FeedMoves(state), .. PushMoves(state), .. ClientMoves(state)];
            if (moves.Count == 0 && Forgotten(state) is { } forgotten)
                return ($"{forgotten}:\n{WayTo(parents, state)}", parents.Count);

            foreach (var (step, next) in moves.Concat(TableMoves(state)))
            {
                if (step.StartsWith("promise", StringComparison.Ordinal))
                    return ($"{step}:\n{WayTo(parents, state)}", parents.Count);

                if (parents.TryAdd(Canonical(next), (state, step)))
                    queue.Enqueue(Canonical(next));
            }
        }

        return (null, parents.Count);
    }

    private static TopicView Known()
    {
        var view = TopicView.Unknown.PollStarted();
        return view.PollAnswered(1, 0, First, out _);
    }

    /// <summary>Nothing is on its way: whoever waits now waits until something else happens.</summary>
    private static string? Forgotten(Pushes state)
    {
        foreach (var isB in state.Clients)
        {
            if (state.Client(isB) is { At: not ClientAt.Ended } client && client.Cursor != (state.Table?.LastId ?? EventId.Start))
                return $"promise 9: {Name(isB)} waits at {client.Cursor} and is forgotten";
        }

        return null;
    }

    private IEnumerable<(string Step, Pushes State)> TableMoves(Pushes state)
    {
        if (state.Table is { } head)
        {
            if (head.Last < maxEvents)
            {
                var next = head with { Last = head.Last + 1 };
                yield return ("another process commits", state with { Table = next, Hint = (next.LastId, false) });
                if (state.Written is null)
                    yield return ("this process commits", state with { Table = next, Written = next });
            }

            if (!hasOtherLog && head.First < head.Last)
                yield return ("an event expires", state with { Table = head with { First = head.First + 1 } });

            if (hasOtherLog && head.Epoch == Epochs[0])
                yield return ("the topic is deleted", state with { Table = null, Hint = (EventId.Start, true) });

            if (hasB && state.B is null)
            {
                foreach (var cursor in (EventId[])[head.LastId, new(head.Epoch, 0)])
                    yield return ($"B comes with {cursor}", state with { B = new Client(ClientAt.Reading, cursor, false, mistake == PushMistake.TicketUnheeded ? 0 : state.View.PollsStarted, null) });
            }
        }
        else
        {
            var anew = First with { Epoch = Epochs[1] };
            yield return ("another process begins the log anew", state with { Table = anew, Hint = (anew.LastId, false) });
            if (state.Written is null)
                yield return ("this process begins the log anew", state with { Table = anew, Written = anew });
        }
    }

    private IEnumerable<(string Step, Pushes State)> FeedMoves(Pushes state)
    {
        if (state.Hint is { } hint)
            yield return ("a hint comes", state with { Hint = null, View = state.View.Hinted(hint.Last, hint.HasEnded) });

        if (state.Written is { } written)
            yield return ("the feed hears of a commit", Heard(state, written));

        if (state.Poll is null && (state.View.IsHeadDue || state.View.IsAwaited || state.View.NewestAnswered == 0))
            yield return ("the head is asked for", StartPoll(state));
        else if (state.Poll is { IsAsked: false } poll)
            yield return ("the table reads the head", state with { Poll = poll with { IsAsked = true, Head = state.Table } });
        else if (state.Poll is { } answered)
            yield return ("the head is answered", Become(state with { Poll = null }, state.View.PollAnswered(answered.Number, answered.Writes, answered.Head, out var change), change));

        if (state.HintedRows is null && state.View is { HintedRows: { } last, Head: { } head })
            yield return ("rows are asked for", state with { HintedRows = new(head.LastId, last, head.Last) });
        else if (state.HintedRows is { } rows)
            yield return LoadMove(state, rows, "hinted rows", next => state with { HintedRows = next }, done => done with { HintedRows = null, View = done.View.HintedRowsMissing(rows.After) });
    }

    /// <summary>TopicFeed.OnWritten.</summary>
    private Pushes Heard(Pushes state, TopicHead written)
    {
        var isNext = written.Epoch == state.View.Head?.Epoch && written.Last == state.View.Head.Last + 1;
        state = state with { Written = null, Held = isNext ? state.Held | Bit(written.Last) : state.Held };
        return Become(state, state.View.Written(written, out var change), change);
    }

    private static Pushes StartPoll(Pushes state)
    {
        var view = state.View.PollStarted();
        return state with { View = view, Poll = new(view.PollsStarted, view.Writes, false, null) };
    }

    /// <summary>TopicLoads.LoadAsync and TopicFeed.OnLoaded.</summary>
    private (string Step, Pushes State) LoadMove(Pushes state, RowsRead load, string what, Func<RowsRead, Pushes> with, Func<Pushes, Pushes> end)
    {
        var from = load.After.Sequence + 1;
        if (load.Rows is null)
            return ($"the table reads {what}", with(load with { Rows = RowsOf(state.Table, load) }));

        var first = Enumerable.Range((int)from, (int)Math.Max(0, load.To - from + 1)).Cast<int?>().FirstOrDefault(i => Has(load.Rows.Value, i!.Value));
        if (first != from)
        {
            var started = state.View.PollStarted();
            state = Become(state, started.PollAnswered(started.PollsStarted, started.Writes, state.Table, out var news), news);
        }

        if (state.View.Head?.Epoch == load.After.Epoch)
        {
            state = state with { View = state.View.Loaded(from, Math.Min(load.To, load.Committed), first), Held = state.Held | load.Rows.Value };
            if (first is not null)
                state = Become(state, state.View.Proved(load.After with { Sequence = int.Log2(load.Rows.Value) }, out var change), change);
        }

        return ($"{what} are loaded", end(state));
    }

    private static int RowsOf(TopicHead? table, RowsRead load)
    {
        var rows = 0;
        for (var i = Math.Max(load.After.Sequence + 1, table?.First ?? 0); table?.Epoch == load.After.Epoch && i <= Math.Min(load.To, table.Last); i++)
            rows |= Bit(i);

        return rows;
    }

    /// <summary>PushLoop, with TopicFeed.TakeNews.</summary>
    private IEnumerable<(string Step, Pushes State)> PushMoves(Pushes state)
    {
        var push = state.Push;
        switch (push.At)
        {
            case PushAt.Waiting when push.IsSignalled:
                yield return ("a round begins", state with { Push = new PushRound(PushAt.Taking, IsSignalled: false, state.View.Head?.LastId) });
                break;
            case PushAt.Taking:
                yield return ("the round takes news", TakeNews(state, push));
                break;
            case PushAt.Loading:
                yield return LoadMove(state, push.Load!, "the round's rows", next => state with { Push = push with { Load = next } }, done => done with { Push = done.Push with { At = PushAt.Taking, Load = null } });
                yield return ("the round's rows cannot be read", state with { Push = push with { At = PushAt.Taking, Load = null } });
                break;
            case PushAt.Giving when push.ToA || push.ToB:
                foreach (var isB in state.Clients.Where(isB => isB ? push.ToB : push.ToA))
                {
                    var given = state with { Push = isB ? push with { ToB = false } : push with { ToA = false } };
                    yield return ($"{Name(isB)} is given {push.After} to {push.Last}", given.With(isB, Given(state.Client(isB), push)));
                }

                break;
            case PushAt.Giving:
                yield return ("all have been given", state with
                {
                    View = mistake == PushMistake.PushedAfterRound ? state.View.PushedTo(push.Last) : state.View,
                    Push = push with { At = PushAt.Taking, After = default, Last = 0, HasLoaded = false },
                });
                break;
            default:
                break;
        }
    }

    private Pushes TakeNews(Pushes state, PushRound push)
    {
        if (state.View.News(push.Until) is not { } after)
            return state with { Push = new PushRound(PushAt.Waiting, push.IsSignalled && mistake != PushMistake.SignalClearedByRound) };

        if (Has(state.Held, after.Sequence + 1))
        {
            var last = LastHeld(state.Held, after.Sequence + 1, push.Until!.Value.Sequence);
            return state with
            {
                View = mistake == PushMistake.PushedAfterRound ? state.View : state.View.PushedTo(last),
                Push = push with { At = PushAt.Giving, After = after, Last = last, ToA = state.A.At != ClientAt.Ended, ToB = state.B is { At: not ClientAt.Ended } },
            };
        }

        return push.HasLoaded
            ? Become(state with { Push = new PushRound(PushAt.Waiting, push.IsSignalled) }, state.View.LeftToReaders(), ViewChange.ReadersMustLook)
            : state with { Push = push with { At = PushAt.Loading, HasLoaded = true, Load = new(after, state.View.Head!.Last, state.View.Head.Last) } };
    }

    /// <summary>TopicReader.Push.</summary>
    private Client Given(Client client, PushRound push) => client switch
    {
        { At: not ClientAt.Waiting } => client with { IsWoken = client.IsWoken || mistake != PushMistake.LockedReaderForgotten },
        _ when client.Cursor != push.After => client with { IsWoken = client.IsWoken || mistake != PushMistake.OtherCursorForgotten },
        _ => client with { Cursor = push.After with { Sequence = push.Last } },
    };

    /// <summary>StreamSession and TopicReader.</summary>
    private IEnumerable<(string Step, Pushes State)> ClientMoves(Pushes state)
    {
        foreach (var isB in state.Clients)
        {
            var (client, name) = (state.Client(isB), Name(isB));
            if (client.Load is { } load)
                yield return LoadMove(state, load, $"{name}'s rows", next => state.With(isB, client with { Load = next }), done => done.With(isB, done.Client(isB) with { Load = null, IsWoken = true }));

            if (client.At == ClientAt.Reading)
            {
                foreach (var next in Read(state, isB, client))
                    yield return next;
            }
            else if (client.At == ClientAt.Leaving)
            {
                yield return ($"{name} waits", state.With(isB, client with { At = ClientAt.Waiting, IsWoken = client.IsWoken && mistake != PushMistake.WakeClearedByWait }));
            }
            else if (client is { IsWoken: true, At: ClientAt.Waiting or ClientAt.Holding })
            {
                yield return ($"{name} is woken", state.With(isB, client with { At = ClientAt.Reading, IsWoken = false }));
            }
        }
    }

    private static IEnumerable<(string Step, Pushes State)> Read(Pushes state, bool isB, Client client)
    {
        var (read, name) = (state.View.Read(client.Cursor, client.Ticket, isLive: true), Name(isB));
        switch (read.Kind)
        {
            case FeedReadKind.CaughtUp:
                yield return ($"{name} has all", state.With(isB, client with { At = ClientAt.Leaving, Cursor = read.Cursor }));
                break;
            case FeedReadKind.Gap:
                yield return FalseGap(state, client, read) is { } broken
                    ? (broken, state)
                    : ($"{name} is told: {read.Gap!.Reason}", state.With(isB, client with { Cursor = read.Cursor, At = read.Gap.Reason == StreamGap.Deleted ? ClientAt.Ended : ClientAt.Reading, Load = read.Gap.Reason == StreamGap.Deleted ? null : client.Load }));
                break;
            case FeedReadKind.NotLoaded when Has(state.Held, read.Cursor.Sequence + 1):
                var last = LastHeld(state.Held, read.Cursor.Sequence + 1, read.Until);
                foreach (var end in new HashSet<long> { read.Cursor.Sequence + 1, last })
                    yield return ($"{name} reads to {end}", state.With(isB, client with { Cursor = read.Cursor with { Sequence = end } }));

                break;
            case FeedReadKind.NotLoaded:
                var load = client.Load ?? new RowsRead(read.Cursor, state.View.Head!.Last, state.View.Head.Last);
                yield return ($"{name} loads", state.With(isB, client with { At = ClientAt.Holding, Cursor = read.Cursor, Load = load }));
                break;
            default:
                yield return ($"{name} is in doubt", (state with { View = state.View with { IsAwaited = true } }).With(isB, client with { At = ClientAt.Holding }));
                break;
        }
    }

    /// <summary>What was there when the client came, and is there still, cannot be said to be another log's or of the future.</summary>
    private static string? FalseGap(Pushes state, Client client, FeedRead read) =>
        read.Gap!.Reason != StreamGap.Expired && state.Table is { } head && head.Epoch == client.Cursor.Epoch && client.Cursor.Sequence <= head.Last
            ? $"promise 3: {client.Cursor} is there, and {read.Gap.Reason} is said"
            : null;

    /// <summary>TopicFeed.Become.</summary>
    private Pushes Become(Pushes state, TopicView view, ViewChange change)
    {
        var isOther = change.HasFlag(ViewChange.OtherLog);
        state = state with
        {
            View = isOther && mistake == PushMistake.PushedOfOldLog ? view.PushedTo(state.View.Pushed) : view,
            Held = isOther ? 0 : state.Held,
            Push = state.Push with { IsSignalled = state.Push.IsSignalled || change.HasFlag(ViewChange.MoreEvents) },
        };
        return !change.HasFlag(ViewChange.ReadersMustLook) ? state : state with
        {
            A = state.A with { IsWoken = true },
            B = state.B is null ? null : state.B with { IsWoken = true },
        };
    }

    /// <summary>Numbers matter only by their order, and what nobody will look at again not at all.</summary>
    private static Pushes Canonical(Pushes state)
    {
        var (view, poll) = (state.View, state.Poll);
        var isOpen = view.IsHeadDue || view.HintedRows is not null;
        return state with
        {
            View = view with
            {
                NewestAnswered = Math.Min(1, view.NewestAnswered),
                PollsStarted = Since(view.PollsStarted),
                HintPoll = isOpen ? Since(view.HintPoll) : 0,
                Hint = isOpen ? view.Hint : null,
                IsHintForHead = isOpen && view.IsHintForHead,
                Writes = poll is not null && view.Writes != poll.Writes ? 1 : 0,
                Unannounced = null,
            },
            Poll = poll is null ? null : poll with { Number = Since(poll.Number), Writes = 0 },
            A = Canonical(state.A),
            B = state.B is null ? null : Canonical(state.B),
        };

        long Since(long number) => Math.Max(0, number - Math.Max(0, view.NewestAnswered - 1));
        Client Canonical(Client client) => client.At == ClientAt.Ended ? new(ClientAt.Ended, default, false, 0, null) : client with { Ticket = Since(client.Ticket) };
    }

    private static int Bit(long sequence) => 1 << (int)sequence;

    private static bool Has(int rows, long sequence) => (rows & Bit(sequence)) != 0;

    private static long LastHeld(int held, long from, long until)
    {
        while (from < until && Has(held, from + 1))
            from++;

        return from;
    }

    private static string Name(bool isB) => isB ? "B" : "A";

    private static string WayTo(Dictionary<Pushes, (Pushes? From, string Step)> parents, Pushes? state)
    {
        var steps = new List<string>();
        for (; state is not null; state = parents[state].From)
            steps.Add(parents[state].Step + "\n");

        steps.Reverse();
        return string.Concat(steps);
    }
}
