namespace SseFunctions.Tests.EventLog.Model;

/// <summary>
/// How a topic is registered and removed (EventTable.CommitAsync and TopicTrimmer), each step one request to the table, which may
/// get no answer or arrive late; any process may die before any step.
/// </summary>
internal sealed class RemovalModel(RemovalMistake mistake)
{
    private const int MaxLate = 2;

    /// <summary>Visits all states.</summary>
    /// <returns>What is broken, and the way there; null when nothing is. And all states.</returns>
    public (string? Broken, IReadOnlyCollection<Removal> States) Explore()
    {
        var parents = new Dictionary<Removal, (Removal From, string Step)> { [default] = default };
        var queue = new Queue<Removal>([default]);
        while (queue.TryDequeue(out var state))
        {
            foreach (var (step, next, fault) in Moves(state))
            {
                var broken = fault ?? (next.HasHead && !next.HasEntry && IsEntryFirst ? "promise 10: a log is not in the list" : null);
                if (parents.TryAdd(next, (state, step)))
                    queue.Enqueue(next);

                if (broken is not null)
                    return ($"{broken}:\n{WayTo(parents, state)}{step}", parents.Keys);
            }
        }

        // For a writer that registers after its head: that it has died in between is what nothing repairs.
        var lost = parents.Keys.FirstOrDefault(state => state is { HasHead: true, HasEntry: false, A: RegisteringAt.Done, B: RegisteringAt.Done, Late: 0 });
        return (lost.HasHead ? $"promise 10: a log is not in the list:\n{WayTo(parents, lost)}" : null, parents.Keys);
    }

    private bool IsEntryFirst => mistake != RemovalMistake.HeadBeforeEntry;

    private IEnumerable<(string Step, Removal Next, string? Broken)> Moves(Removal state)
    {
        foreach (var next in WriterMoves(state, state.A, (s, at) => s with { A = at }))
            yield return ($"writer A at {state.A}", next, null);

        foreach (var next in WriterMoves(state, state.B, (s, at) => s with { B = at }))
            yield return ($"writer B at {state.B}", next, null);

        if (state.Late > 0)
        {
            yield return ("a late head arrives", AddHead(state) with { Late = (byte)(state.Late - 1) }, null);
            yield return ("a late head is lost", state with { Late = (byte)(state.Late - 1) }, null);
        }

        // The grace is longer than a write may be on its way, so it passes only while none is.
        if (state is { Late: 0, A: not RegisteringAt.AddHead, B: not RegisteringAt.AddHead })
            yield return ("time passes", state with { IsEntryOld = state.HasEntry, IsHeadOld = state.HasHead }, null);

        foreach (var move in RemovalMoves(state))
            yield return move;
    }

    private IEnumerable<Removal> WriterMoves(Removal state, RegisteringAt at, Func<Removal, RegisteringAt, Removal> with)
    {
        if (at == RegisteringAt.Done)
            yield break;

        yield return with(state, RegisteringAt.Done); // it dies
        var (first, second) = IsEntryFirst ? (RegisteringAt.Register, RegisteringAt.AddHead) : (RegisteringAt.AddHead, RegisteringAt.Register);
        switch (at)
        {
            case RegisteringAt.ReadHead:
                yield return state.HasHead
                    ? with(state with { IsHeadOld = false, KnowsHead = false }, RegisteringAt.Done) // it appends to the log that is there
                    : with(state, first);
                break;
            case RegisteringAt.Register:
                var registered = state with { HasEntry = true, IsEntryOld = false, KnowsEntry = false };
                yield return with(registered, at == first ? second : RegisteringAt.Done);
                yield return with(registered, RegisteringAt.ReadHead); // its answer was lost
                break;
            default:
                yield return state.HasHead ? with(state, RegisteringAt.ReadHead) : with(AddHead(state), at == first ? second : RegisteringAt.Done);
                yield return with(AddHead(state), RegisteringAt.ReadHead); // its answer was lost
                if (state.Late < MaxLate)
                    yield return with(state with { Late = (byte)(state.Late + 1) }, RegisteringAt.ReadHead);
                break;
        }
    }

    private static Removal AddHead(Removal state) => state.HasHead ? state : state with { HasHead = true, IsHeadOld = false, KnowsHead = false };

    private IEnumerable<(string Step, Removal Next, string? Broken)> RemovalMoves(Removal state)
    {
        var idle = state with { At = RemovingAt.ReadEntry, KnowsEntry = false, SawOld = false, KnowsHead = false, IsDelete = false };
        var step = $"the removal at {state.At}";
        if (state.At != RemovingAt.ReadEntry)
            yield return ("the removal dies", idle, null);

        switch (state.At)
        {
            case RemovingAt.ReadEntry:
                if (state.HasEntry)
                    yield return ("retention reads the entry", idle with { At = RemovingAt.ReadHead, KnowsEntry = true, SawOld = state.IsEntryOld }, null);

                yield return ("somebody deletes the topic", idle with { At = RemovingAt.ReadHead, IsDelete = true }, null);
                break;
            case RemovingAt.ReadHead:
                yield return (step, state.HasHead && (state.IsHeadOld || state.IsDelete) ? state with { At = RemovingAt.DeleteHead, KnowsHead = true } : state.HasHead ? idle : AfterHead(state, idle), null);
                break;
            case RemovingAt.DeleteHead when state.KnowsHead || mistake == RemovalMistake.HeadWithoutETag:
                var gone = state with { HasHead = false, IsHeadOld = false, KnowsHead = false };
                var broken = state is { HasHead: true, IsHeadOld: false, IsDelete: false } ? "promise 10: the log of a topic in use is removed" : null;
                yield return (step, AfterHead(gone, idle with { HasHead = false, IsHeadOld = false }), broken);
                yield return ("its answer is lost", idle with { HasHead = false, IsHeadOld = false }, broken);
                break;
            case RemovingAt.DeleteEntry when state.KnowsEntry || mistake == RemovalMistake.EntryWithoutETag:
                yield return (step, idle with { HasEntry = false, IsEntryOld = false }, null);
                break;
            default:
                yield return (step, idle, null); // a conflict
                break;
        }
    }

    /// <summary>The head is not there: the entry may go, if it was old.</summary>
    private Removal AfterHead(Removal state, Removal idle) =>
        !state.IsDelete && (state.SawOld || mistake == RemovalMistake.EntryWithoutGrace) ? state with { At = RemovingAt.DeleteEntry } : idle;

    private static string WayTo(Dictionary<Removal, (Removal From, string Step)> parents, Removal state)
    {
        var steps = new List<string>();
        for (; state != default; state = parents[state].From)
            steps.Add(parents[state].Step + "\n");

        steps.Reverse();
        return string.Concat(steps);
    }
}
