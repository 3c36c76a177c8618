namespace SseFunctions.Tests.EventLog.Model;

/// <summary>TopicTrimmer.TrimAsync as steps, each one request to the table; it may die before any of them, and begins anew.</summary>
internal sealed class TrimmerModel(ModelOptions options)
{
    public IEnumerable<Move> Moves(State state)
    {
        if (options.MaxEvents == 0)
            return [];

        var moves = state.Trimmer.At switch
        {
            TrimmerAt.ReadHead => ReadHead(state),
            TrimmerAt.MoveFirst => MoveFirst(state),
            TrimmerAt.QueryRows => [QueryRows(state)],
            TrimmerAt.DeleteRows => DeleteRows(state),
            TrimmerAt.QueryKeys => [QueryKeys(state)],
            _ => DeleteKeys(state),
        };
        return state.Trimmer.At == TrimmerAt.ReadHead ? moves : moves.Append(new Move(new Step(Actor.Trimmer, Does.Crash), state with { Trimmer = default }));
    }

    /// <summary>MoveFirstAsync: where first is to be; where it is there already, what an earlier run left is looked for.</summary>
    private IEnumerable<Move> ReadHead(State state)
    {
        var step = new Step(Actor.Trimmer, Does.ReadHead);
        var first = (byte)Math.Max(state.First, state.Last - options.MaxEvents + 1);
        var knows = new Trimmer { KnowsHead = true, First = first };
        if (options.Mistake == Mistake.KeysBeforeEvents && first > state.First)
            yield return new Move(step, state with { Trimmer = knows with { At = TrimmerAt.QueryKeys } });
        else if (first > state.First && options.Mistake != Mistake.DeleteBeforeFirst)
            yield return new Move(step, state with { Trimmer = knows with { At = TrimmerAt.MoveFirst } });
        else if (first > 1)
            yield return new Move(step, state with { Trimmer = knows with { At = TrimmerAt.QueryRows } });
    }

    /// <summary>MoveFirstAsync: the merge, on condition of the head's ETag. After any fault the head is read again.</summary>
    private static IEnumerable<Move> MoveFirst(State state)
    {
        var trimmer = state.Trimmer;
        var moved = trimmer.KnowsHead ? state.WithNewETag() with { First = trimmer.First } : state;
        yield return new Move(
            new Step(Actor.Trimmer, Does.MoveFirst),
            moved with { Trimmer = trimmer.KnowsHead ? new Trimmer { At = TrimmerAt.QueryRows, First = trimmer.First } : default });
        yield return new Move(new Step(Actor.Trimmer, Does.MoveFirst, Fate.RequestLost), state with { Trimmer = default });
        yield return new Move(new Step(Actor.Trimmer, Does.MoveFirst, Fate.AnswerLost), moved with { Trimmer = default });
    }

    /// <summary>DeleteOnceAsync: LogRows.EventRange from 0 to before first, as the table has it at this moment.</summary>
    private static Move QueryRows(State state)
    {
        var trimmer = state.Trimmer;
        var found = (ushort)(state.Rows & State.Range(0, trimmer.First - 1));
        return new Move(
            new Step(Actor.Trimmer, Does.QueryRows),
            state with { Trimmer = trimmer with { At = found == 0 ? TrimmerAt.QueryKeys : TrimmerAt.DeleteRows, KnowsHead = false, Found = found } });
    }

    /// <summary>DeleteOnceAsync: the oldest of the found rows, a batch at a time. After a fault they are looked for again.</summary>
    private IEnumerable<Move> DeleteRows(State state)
    {
        var trimmer = state.Trimmer;
        ushort rest = trimmer.Found;
        for (var i = 0; i < options.DeleteBatch && rest != 0; i++)
            rest &= (ushort)(rest - 1);

        var deleted = state with { Rows = (ushort)(state.Rows & ~(trimmer.Found & ~rest)) };
        var again = trimmer with { At = TrimmerAt.QueryRows, Found = 0 };
        yield return new Move(
            new Step(Actor.Trimmer, Does.DeleteRows),
            deleted with { Trimmer = trimmer with { At = rest == 0 ? TrimmerAt.QueryKeys : TrimmerAt.DeleteRows, Found = rest } });
        yield return new Move(new Step(Actor.Trimmer, Does.DeleteRows, Fate.RequestLost), state with { Trimmer = again });
        yield return new Move(new Step(Actor.Trimmer, Does.DeleteRows, Fate.AnswerLost), deleted with { Trimmer = again });
    }

    /// <summary>LogRows.KeysBefore: the keys whose events are all before first.</summary>
    private Move QueryKeys(State state)
    {
        var trimmer = state.Trimmer;
        var found = 0;
        for (var append = 0; append < 8; append++)
        {
            if ((state.Keys & (1 << append)) != 0 && state.SequenceOf(append) < trimmer.First)
                found |= 1 << append;
        }

        return new Move(
            new Step(Actor.Trimmer, Does.QueryKeys),
            state with { Trimmer = found == 0 ? AfterKeys(trimmer) : trimmer with { At = TrimmerAt.DeleteKeys, KnowsHead = false, Found = (ushort)found } });
    }

    private IEnumerable<Move> DeleteKeys(State state)
    {
        var trimmer = state.Trimmer;
        var deleted = state with { Keys = (byte)(state.Keys & ~trimmer.Found) };
        var again = trimmer with { At = TrimmerAt.QueryKeys, Found = 0 };
        yield return new Move(new Step(Actor.Trimmer, Does.DeleteKeys), deleted with { Trimmer = AfterKeys(trimmer) });
        yield return new Move(new Step(Actor.Trimmer, Does.DeleteKeys, Fate.RequestLost), state with { Trimmer = again });
        yield return new Move(new Step(Actor.Trimmer, Does.DeleteKeys, Fate.AnswerLost), deleted with { Trimmer = again });
    }

    private Trimmer AfterKeys(Trimmer trimmer) => options.Mistake switch
    {
        Mistake.KeysBeforeEvents or Mistake.DeleteBeforeFirst => new Trimmer { At = TrimmerAt.MoveFirst, KnowsHead = trimmer.KnowsHead, First = trimmer.First },
        _ => default,
    };
}
