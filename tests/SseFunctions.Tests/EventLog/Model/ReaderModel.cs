namespace SseFunctions.Tests.EventLog.Model;

/// <summary>
/// A client, and the TopicFeed that its stream reads: polls of the head, loads page by page, events one by one, so that the client
/// can be cut off behind each, and come back to a process that knows nothing yet. What a process has written itself it need not
/// load (TopicFeed.OnWritten); here all is loaded.
/// </summary>
internal sealed class ReaderModel(ModelOptions options)
{
    public IEnumerable<Move> Moves(State state)
    {
        if (!options.HasReader)
            yield break;

        var reader = state.Reader;
        if (state.HasHead && (reader.HeadLast != state.Last || reader.First < state.First))
            yield return Poll(state);

        if (reader.HeadLast > 0)
            yield return new Move(new Step(Actor.Reader, Does.Reconnect), state with { Reader = new Reader() with { Cursor = reader.Cursor } });

        if (reader.Cursor < reader.HeadLast && reader.At != ReaderAt.Paging && reader.Cursor + 1 < reader.First)
            yield return TakeGap(state);
        else if (reader.At == ReaderAt.Paging)
            yield return ReadPage(state);
        else if (reader.At == ReaderAt.Loaded)
            yield return TakeEvent(state);
        else if (reader.Cursor < reader.HeadLast)
            yield return StartLoad(state);
    }

    /// <summary>TopicFeed.PollOnceAsync and Adopt.</summary>
    private static Move Poll(State state) => new(
        new Step(Actor.Reader, Does.Poll),
        state with { Reader = state.Reader with { HeadLast = state.Last, First = Math.Max(state.Reader.First, state.First) } });

    /// <summary>TopicFeed.LoadAsync: from behind the cursor to the head as it is known.</summary>
    private static Move StartLoad(State state)
    {
        var from = (byte)(state.Reader.Cursor + 1);
        return new(
            new Step(Actor.Reader, Does.StartLoad),
            state with { Reader = state.Reader with { At = ReaderAt.Paging, From = from, Next = from, To = state.Reader.HeadLast, Run = 0 } });
    }

    /// <summary>TableEventLog.ReadAsync: a page is the table at one moment; between two of them a trim may come.</summary>
    private Move ReadPage(State state)
    {
        var reader = state.Reader;
        var (run, rows, next) = ((int)reader.Run, 0, (int)reader.Next);
        for (; next <= reader.To && rows < options.PageRows; next++)
        {
            if (!state.HasRow(next))
                continue;

            if (run != 0 && !Has(run, next - 1) && options.Mistake != Mistake.HoleKept)
                run = 0; // all before it is gone as well

            run |= 1 << next;
            rows++;
        }

        reader = reader with { Run = (ushort)run, Next = (byte)next };
        return new Move(new Step(Actor.Reader, Does.ReadPage), state with { Reader = next <= reader.To ? reader : Loaded(reader) });
    }

    /// <summary>TopicFeed.LoadAsync, its end: rows go only after the head's first has moved, so what is missing has expired.</summary>
    private Reader Loaded(Reader reader)
    {
        var found = Lowest(reader.Run, reader.To + 1);
        if (options.Mistake == Mistake.MissingRowsUnseen)
            return reader with { At = reader.Run == 0 ? ReaderAt.Idle : ReaderAt.Loaded, From = 0, To = 0, Next = 0 };

        return reader with
        {
            At = reader.Run == 0 ? ReaderAt.Idle : ReaderAt.Loaded,
            First = found == reader.From ? reader.First : (byte)Math.Max(reader.First, found),
            From = 0,
            To = 0,
            Next = 0,
        };
    }

    /// <summary>TopicFeed.Read and StreamSession.WriteResetAsync: sse.reset tells how many events are lost. Promise 3 is kept or broken here.</summary>
    private Move TakeGap(State state)
    {
        var reader = state.Reader;
        var cursor = (byte)(reader.First - 1);
        return new Move(
            new Step(Actor.Reader, Does.TakeGap),
            state with { Reader = Behind(reader, cursor) },
            options.Mistake == Mistake.SilentGap ? $"promise 3: {reader.Cursor + 1} to {cursor} are skipped and nobody says so"
                : reader.First > state.First ? $"promise 3: {reader.Cursor + 1} to {cursor} are said to be lost and are retained"
                : null);
    }

    /// <summary>TopicFeed.Read and StreamSession.WriteEventsAsync. Promises 1 and 3 are kept or broken here.</summary>
    private Move TakeEvent(State state)
    {
        var reader = state.Reader;
        var step = new Step(Actor.Reader, Does.TakeEvent);
        var next = reader.Cursor + 1;
        if (options.Mistake == Mistake.MissingRowsUnseen && Lowest(reader.Run, next) is var found && found > next)
            return new Move(step, state with { Reader = Behind(reader, (byte)found) }, $"promise 3: {next} to {found - 1} are skipped and nobody says so");

        // FrameRun: the frames of a run stand in the order of their sequences, from the first on.
        var first = Lowest(reader.Run, next);
        var at = first;
        for (var i = first; i < next; i++)
            at = Lowest(reader.Run & ~State.Range(0, at), 0);

        if (at == 0)
            return new Move(step, state with { Reader = reader with { At = ReaderAt.Idle, Run = 0 } });

        return new Move(
            step,
            state with { Reader = Behind(reader, (byte)next) },
            at != next ? $"promise 1: {at} is given out as {next}" : next > state.Last ? $"promise 1: {next} is read and was never committed" : null);
    }

    /// <summary>TopicReader.MoveTo. What has been loaded serves for as long as there is more of it.</summary>
    private static Reader Behind(Reader reader, byte cursor) => (reader.Run >> (cursor + 1)) != 0
        ? reader with { Cursor = cursor }
        : reader with { Cursor = cursor, At = ReaderAt.Idle, Run = 0 };

    private static bool Has(int run, int sequence) => (run & (1 << sequence)) != 0;

    private static int Lowest(int run, int otherwise) => run == 0 ? otherwise : System.Numerics.BitOperations.TrailingZeroCount(run);
}
