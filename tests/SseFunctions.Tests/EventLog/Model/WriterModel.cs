namespace SseFunctions.Tests.EventLog.Model;

/// <summary>
/// TopicPartition.CommitAsync as steps, each one request to the table. A batch is one append of one event: what shares a
/// transaction stands and falls together. Reads that fail are repeated and change nothing, so none does here.
/// </summary>
internal sealed class WriterModel(ModelOptions options)
{
    private static readonly Fate[] Unanswered = [Fate.RequestLost, Fate.AnswerLost, Fate.Late];

    public IEnumerable<Move> Moves(State state, int index)
    {
        var writer = state.Writer(index);
        var moves = writer.At switch
        {
            WriterAt.Start => [ReadFirstHead(state, index)],
            WriterAt.Append when options.Mistake == Mistake.IdBeforeCommit => [TakeId(state, index)],
            WriterAt.Append => Append(state, index),
            WriterAt.ReadKey => [ReadKey(state, index)],
            WriterAt.ReadHead => [ReadHead(state, index)],
            WriterAt.ReadRow => [ReadRow(state, index)],
            WriterAt.Fence => Fence(state, index),
            WriterAt.WriteRow => [WriteRow(state, index)],
            _ => (IEnumerable<Move>)[],
        };
        return writer.At is WriterAt.Start or WriterAt.Done || writer.Crashes == options.Crashes
            ? moves
            : moves.Append(new Move(StepOf(index, Does.Crash), GiveUp(state, index)));
    }

    /// <summary>A transaction that was given up for lost arrives: TopicPartition's tries are on condition of the head's ETag, and state holds only those whose is the head's.</summary>
    public IEnumerable<Move> Arrivals(State state)
    {
        for (byte nonce = 1; state.IsAnythingLate && nonce <= Nonce.Max; nonce++)
        {
            if (state.LateSequence(nonce) is not (> 0 and var sequence))
                continue;

            var (step, rest) = (new Step(Actor.Network, Does.Arrive, Nonce: nonce), state.WithLate(nonce, 0));
            yield return IsKeyUsed(rest, nonce) || rest.HasRow(sequence) ? new Move(step, rest) : Commit(step, rest, nonce, sequence);
        }
    }

    /// <summary>CommitAsync, first lines: knownHead is null.</summary>
    private Move ReadFirstHead(State state, int index) => Next(
        StepOf(index, Does.ReadHead),
        state,
        index,
        state.Writer(index) with { KnowsHead = true, KnownLast = state.Last, KnowsComplete = state.IsComplete });

    /// <summary>CommitAsync, the beginning of a turn out of doubt: on a complete topic AppendRefusals.AnswerAsync asks for the key, if there is one.</summary>
    private Move Next(Step step, State state, int index, Writer writer)
    {
        var isRefused = writer is { IsInDoubt: false, KnowsComplete: true } && options.Mistake != Mistake.CompleteIgnored;
        return !isRefused ? new Move(step, state.With(index, writer with { At = WriterAt.Append, KnowsComplete = false }))
            : Nonce.HasKey(index) ? new Move(step, state.With(index, writer with { At = WriterAt.ReadKey }))
            : Refused(step, state.With(index, writer), index);
    }

    /// <summary>AppendOutcome.TopicComplete: nothing was written, nor will be.</summary>
    private Move Refused(Step step, State state, int index)
    {
        var append = Nonce.AppendOf(index, state.Writer(index));
        return new Move(
            step,
            After(state, index, knowsHead: true),
            state.SequenceOf(append) >= state.First && state.SequenceOf(append) > 0 ? $"promise 2: a publisher is refused whose event stands as {state.SequenceOf(append)}" : null);
    }

    /// <summary>EventTable.CommitAsync: TopicTransaction.Operations, the head on condition of its ETag first, then the key, then the event.</summary>
    private IEnumerable<Move> Append(State state, int index)
    {
        var writer = state.Writer(index);
        var tried = state.With(index, writer = writer with { Sequence = (byte)(writer.KnownLast + 1), IsFirst = writer.KnownLast == 0 });
        var nonce = Nonce.Of(index, writer);
        var isHeadAsKnown = writer.KnowsHead || (options.Mistake == Mistake.NoETag && !state.HasRow(writer.Sequence));
        var isDone = isHeadAsKnown && !IsKeyUsed(state, nonce);
        foreach (var fate in (Fate[])[Fate.Answered, .. Unanswered])
        {
            var step = StepOf(index, Does.Append, fate);
            if (fate == Fate.Answered)
            {
                yield return isDone ? Told(Commit(step, tried, nonce, writer.Sequence), index, writer.Sequence, knowsHead: true)
                    : new Move(step, Refused(tried, index, isHeadAsKnown));
                continue;
            }

            var lost = tried.With(index, writer with { At = WriterAt.ReadHead, IsInDoubt = true, WasConflict = false });
            if (fate == Fate.AnswerLost && isDone)
                yield return Commit(step, lost, nonce, writer.Sequence);
            else if (fate == Fate.Late && isHeadAsKnown)
                yield return new Move(step, lost.WithLate(nonce, writer.Sequence));
            else if (fate == Fate.RequestLost)
                yield return new Move(step, lost);
        }
    }

    /// <summary>CommitAsync, after a conflict: AppendRefusals.AppendsToSuspect asks which operation was refused.</summary>
    private State Refused(State state, int index, bool isOverKey)
    {
        var writer = state.Writer(index);
        if (options.Mistake == Mistake.ConflictEndsDoubt)
            writer = writer with { IsInDoubt = false };

        return state.With(index, writer with { At = isOverKey && !writer.IsInDoubt ? WriterAt.ReadKey : WriterAt.ReadHead, WasConflict = true });
    }

    /// <summary>AppendRefusals.AnswerAsync: what the key made is the answer; a key that retention has removed meanwhile refuses nothing.</summary>
    private Move ReadKey(State state, int index)
    {
        var append = Nonce.AppendOf(index, state.Writer(index));
        return (state.Keys & (1 << append)) != 0
            ? Told(new Move(StepOf(index, Does.ReadKey), state), index, state.SequenceOf(append), state.Writer(index).KnowsHead)
            : state.Writer(index).KnowsComplete ? Refused(StepOf(index, Does.ReadKey), state, index)
            : new Move(StepOf(index, Does.ReadKey), state.With(index, state.Writer(index) with { At = WriterAt.ReadHead }));
    }

    /// <summary>CommitAsync, after AfterFaultAsync: the head is read again, and tells HasLandedAsync as much as it can.</summary>
    private Move ReadHead(State state, int index)
    {
        var step = StepOf(index, Does.ReadHead);
        var before = state.Writer(index);
        var writer = before with { KnowsHead = true, KnownLast = state.Last, KnowsComplete = state.IsComplete, WasCurrent = before.KnowsHead };
        if (options.Mistake == Mistake.BlindRetry)
            writer = writer with { IsInDoubt = false };

        var nonce = Nonce.Of(index, writer);
        if (!writer.IsInDoubt)
            return Decide(step, state, index, writer);

        if (state.HasHead && state.NonceAt(state.Last) == nonce)
            return Told(new Move(step, state.With(index, writer)), index, writer.Sequence, knowsHead: true);

        var isOfAnotherEpoch = writer.IsFirst && state.HasHead && state.NonceAt(1) != nonce;
        return state.Last < writer.Sequence || isOfAnotherEpoch
            ? Decide(step, state, index, writer)
            : new Move(step, state.With(index, writer with { At = WriterAt.ReadRow }));
    }

    /// <summary>HasLandedAsync: the row says whose it is; when retention has removed it, nobody can know any more.</summary>
    private Move ReadRow(State state, int index)
    {
        var step = StepOf(index, Does.ReadRow);
        var writer = state.Writer(index);
        if (!state.HasRow(writer.Sequence))
            return new Move(step, GiveUp(state, index));

        return state.NonceAt(writer.Sequence) == Nonce.Of(index, writer)
            ? Told(new Move(step, state), index, writer.Sequence, writer.KnowsHead)
            : Decide(step, state, index, writer);
    }

    /// <summary>CommitAsync, its last lines: what is known of earlier tries once the head has been read.</summary>
    private Move Decide(Step step, State state, int index, Writer writer)
    {
        if (!writer.WasCurrent)
            writer = writer with { IsInDoubt = false }; // every try was on condition of a head that is gone

        var fences = writer.IsInDoubt && writer.WasConflict && writer.KnownLast > 0;
        writer = writer with { WasConflict = false, WasCurrent = false };
        return fences ? new Move(step, state.With(index, writer with { At = WriterAt.Fence })) : Next(step, state, index, writer);
    }

    /// <summary>TryFenceAsync: the head is written anew as it is. Without an answer the doubt remains, and the next try finds out more.</summary>
    private static IEnumerable<Move> Fence(State state, int index)
    {
        var writer = state.Writer(index) with { At = WriterAt.Append };
        var fenced = writer.KnowsHead ? state.WithNewETag() : state;
        yield return new Move(
            StepOf(index, Does.Fence),
            fenced.With(index, writer.KnowsHead ? writer with { IsInDoubt = false } : writer));
        yield return new Move(StepOf(index, Does.Fence, Fate.RequestLost), state.With(index, writer));
        yield return new Move(StepOf(index, Does.Fence, Fate.AnswerLost), fenced.With(index, writer with { KnowsHead = false }));
    }

    /// <summary>
    /// The process dies, or CommitAsync throws and forgets the head. With a key the publisher repeats its append, as long as it
    /// may; without one it goes on to the next.
    /// </summary>
    private State GiveUp(State state, int index)
    {
        var writer = state.Writer(index);
        var repeats = Nonce.HasKey(index) && writer.Crashes < options.Crashes;
        var next = new Writer
        {
            Append = (byte)(writer.Append + (repeats ? 0 : 1)),
            Crashes = (byte)Math.Min(writer.Crashes + 1, options.Crashes),
        };
        return state.With(index, next.Append == options.Appends ? new Writer { At = WriterAt.Done } : next);
    }

    /// <summary>PendingAppend.Settle: the publisher learns its event's id, and goes on to its next append.</summary>
    private Move Told(Move move, int index, int sequence, bool knowsHead)
    {
        var writer = move.State.Writer(index);
        var isItsOwn = sequence > 0 && sequence <= move.State.Last && move.State.NonceAt(sequence) > 0 && Nonce.AppendOf(move.State.NonceAt(sequence)) == Nonce.AppendOf(index, writer);
        return move with
        {
            State = After(move.State, index, knowsHead),
            Broken = move.Broken ?? (isItsOwn ? null : $"promise 2: a publisher gets id {sequence}, which is not its event's"),
        };
    }

    /// <summary>The publisher goes on to its next append; the head of a complete topic is read anew for it.</summary>
    private State After(State state, int index, bool knowsHead)
    {
        var writer = state.Writer(index);
        var next = new Writer { Append = (byte)(writer.Append + 1), Crashes = writer.Crashes };
        return state.With(index, next.Append == options.Appends ? new Writer { At = WriterAt.Done }
            : writer.KnowsComplete ? next
            : next with { At = WriterAt.Append, KnowsHead = knowsHead, KnownLast = knowsHead ? state.Last : writer.KnownLast });
    }

    private Move Commit(Step step, State state, byte nonce, int sequence)
    {
        var move = Committed.Move(step, state, nonce, sequence);
        if (state.IsComplete)
            move = move with { Broken = move.Broken ?? $"promise 2: {sequence} stands after the end of the topic" };

        move = move with { State = move.State with { IsComplete = state.IsComplete || options.Completes(Nonce.AppendOf(nonce)) } };
        return options.Mistake == Mistake.NoETag ? move with { State = move.State.WithLateOf(state) } : move;
    }

    private static bool IsKeyUsed(State state, byte nonce) => (state.Keys & (1 << Nonce.AppendOf(nonce))) != 0;

    /// <summary>Of a mistaken protocol: the head moves by itself.</summary>
    private static Move TakeId(State state, int index)
    {
        var (step, writer) = (StepOf(index, Does.Append), state.Writer(index));
        if (!writer.KnowsHead)
            return new Move(step, state.With(index, writer with { At = WriterAt.ReadHead }));

        var moved = state.WithEvent(writer.KnownLast + 1, Nonce.Of(index, writer));
        moved = moved with { Rows = state.Rows };
        return new Move(step, moved.WithNewETag().With(index, writer with { At = WriterAt.WriteRow, Sequence = (byte)(writer.KnownLast + 1), KnowsHead = true, KnownLast = moved.Last }));
    }

    /// <summary>Of a mistaken protocol: the event follows.</summary>
    private Move WriteRow(State state, int index)
    {
        var writer = state.Writer(index);
        return Told(new Move(StepOf(index, Does.WriteRow), state with { Rows = (ushort)(state.Rows | (1 << writer.Sequence)) }), index, writer.Sequence, writer.KnowsHead);
    }

    private static Step StepOf(int index, Does does, Fate fate = Fate.Answered) => new((Actor)index, does, fate);
}
