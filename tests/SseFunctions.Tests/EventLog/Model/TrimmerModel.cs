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
            _ => [DeleteKeys(state)],
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
            yield return new Move(step, state with { Trimmer = knows with { At = TrimmerAt.DeleteKeys } });
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

    /// <summary>TopicRowDeletion: LogRows.EventRange from 0 to before first, as the table has it at this moment.</summary>
    private Move QueryRows(State state)
    {
        var trimmer = state.Trimmer;
        var found = (ushort)(state.Rows & State.Range(0, trimmer.First - 1));
        return new Move(
            new Step(Actor.Trimmer, Does.QueryRows),
            state with { Trimmer = found == 0 ? AfterRows(trimmer) : trimmer with { At = TrimmerAt.DeleteRows, KnowsHead = false, Found = found } });
    }

    /// <summary>TopicRowDeletion: the oldest of the found rows, with their keys, a batch at a time. After a fault they are looked for again.</summary>
    private IEnumerable<Move> DeleteRows(State state)
    {
        var trimmer = state.Trimmer;
        ushort rest = trimmer.Found;
        for (var i = 0; i < options.DeleteBatch && rest != 0; i++)
            rest &= (ushort)(rest - 1);

        var gone = trimmer.Found & ~rest;
        var deleted = state with { Rows = (ushort)(state.Rows & ~gone), Keys = (byte)(state.Keys & ~KeysOf(state, gone)) };
        var again = trimmer with { At = TrimmerAt.QueryRows, Found = 0 };
        yield return new Move(
            new Step(Actor.Trimmer, Does.DeleteRows),
            deleted with { Trimmer = rest == 0 ? AfterRows(trimmer) : trimmer with { Found = rest } });
        yield return new Move(new Step(Actor.Trimmer, Does.DeleteRows, Fate.RequestLost), state with { Trimmer = again });
        yield return new Move(new Step(Actor.Trimmer, Does.DeleteRows, Fate.AnswerLost), deleted with { Trimmer = again });
    }

    /// <summary>Of a mistaken protocol: all keys of events that are to go, before these.</summary>
    private static Move DeleteKeys(State state)
    {
        var trimmer = state.Trimmer;
        var deleted = state with { Keys = (byte)(state.Keys & ~KeysOf(state, State.Range(0, trimmer.First - 1))) };
        return new Move(new Step(Actor.Trimmer, Does.DeleteKeys), deleted with { Trimmer = trimmer with { At = TrimmerAt.MoveFirst } });
    }

    /// <summary>The keys of appends, one event each, whose events are among these rows.</summary>
    private static int KeysOf(State state, int rows)
    {
        var keys = 0;
        for (var append = 0; append < 8; append++)
        {
            if ((state.Keys & (1 << append)) != 0 && (rows & (1 << state.SequenceOf(append))) != 0)
                keys |= 1 << append;
        }

        return keys;
    }

    private Trimmer AfterRows(Trimmer trimmer) => options.Mistake == Mistake.DeleteBeforeFirst
        ? new Trimmer { At = TrimmerAt.MoveFirst, KnowsHead = trimmer.KnowsHead, First = trimmer.First }
        : default;
}
