using System.Numerics;
using SseFunctions.EventLog;
using SseFunctions.Streaming;

namespace SseFunctions.Tests.EventLog.Model;

/// <summary>
/// A client, and the TopicFeed that its stream reads: polls of the head, loads page by page, events one by one, so that the client
/// can be cut off after each, and come back to a process that knows nothing yet. What the feed knows and answers is the real
/// TopicView's. What a process has written itself it need not load (TopicFeed.OnWritten); here all is loaded.
/// </summary>
internal sealed class ReaderModel(ModelOptions options)
{
    private const string Epoch = "epoch0";

    public IEnumerable<Move> Moves(State state)
    {
        if (!options.HasReader)
            yield break;

        var reader = state.Reader;
        if (state.HasHead && reader.View.Head != HeadOf(state))
            yield return new Move(new Step(Actor.Reader, Does.Poll), state with { Reader = Polled(state) });

        if (reader.View.Head is not null)
            yield return new Move(new Step(Actor.Reader, Does.Reconnect), state with { Reader = new Reader() with { Cursor = reader.Cursor } });

        var read = reader.View.Read(new EventId(Epoch, reader.Cursor), ticket: 0, isLive: false);
        if (reader.At == ReaderAt.Paging)
            yield return ReadPage(state);
        else if (reader.At == ReaderAt.Confirming)
            yield return ConfirmHead(state);
        else if (read.Kind == FeedReadKind.Gap)
            yield return TakeGap(state, read);
        else if (read.Kind == FeedReadKind.NotLoaded)
            yield return reader.At == ReaderAt.Loaded ? TakeEvent(state) : StartLoad(state, read);
    }

    private static TopicHead HeadOf(State state) => new(Epoch, state.First, state.Last, Complete: false, "", default);

    /// <summary>TopicFeed.ReadHeadAsync. No reader comes later: one poll answers as well as another, and nothing is pushed.</summary>
    private static Reader Polled(State state)
    {
        var started = state.Reader.View.PollStarted();
        var view = started.PollAnswered(started.PollsStarted, started.Writes, HeadOf(state), out _);
        return state.Reader with { View = view with { PollsStarted = 1, NewestAnswered = 1, Pushed = 0 } };
    }

    /// <summary>TopicFeed.LoadAsync: from the cursor to the head as it is known.</summary>
    private static Move StartLoad(State state, FeedRead read)
    {
        var from = (byte)(read.Cursor.Sequence + 1);
        return new(
            new Step(Actor.Reader, Does.StartLoad),
            state with { Reader = state.Reader with { At = ReaderAt.Paging, From = from, Next = from, To = (byte)read.Until, Run = 0 } });
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

    /// <summary>TopicLoads.LoadAsync, its end: when rows are missing, the head is read anew.</summary>
    private Reader Loaded(Reader reader)
    {
        var isMissing = Lowest(reader.Run, 0) != reader.From && options.Mistake != Mistake.MissingRowsUnseen;
        return isMissing ? reader with { At = ReaderAt.Confirming, Next = 0 } : Taken(reader);
    }

    /// <summary>TopicLoads.LoadAsync with TopicFeed.OnLoaded, when rows were missing.</summary>
    private static Move ConfirmHead(State state)
    {
        var reader = Polled(state);
        var view = reader.View.Loaded(reader.From, reader.To, reader.Run == 0 ? null : Lowest(reader.Run, 0));
        return new Move(new Step(Actor.Reader, Does.ConfirmHead), state with { Reader = Taken(reader with { View = view }) });
    }

    private static Reader Taken(Reader reader) =>
        reader with { At = reader.Run == 0 ? ReaderAt.Idle : ReaderAt.Loaded, From = 0, To = 0, Next = 0 };

    /// <summary>EventWriter.WriteResetAsync: sse.reset says how many events are lost. Promise 3 is kept or broken here.</summary>
    private Move TakeGap(State state, FeedRead read)
    {
        var reader = state.Reader;
        var cursor = (byte)read.Cursor.Sequence;
        return new Move(
            new Step(Actor.Reader, Does.TakeGap),
            state with { Reader = After(reader, cursor) },
            options.Mistake == Mistake.SilentGap ? $"promise 3: {reader.Cursor + 1} to {cursor} are skipped and nobody says so"
                : read.Gap!.Reason != StreamGap.Expired || read.Gap.Lost != cursor - reader.Cursor ? $"promise 3: {reader.Cursor + 1} to {cursor} are lost, and {read.Gap} is said"
                : cursor >= state.First ? $"promise 3: {reader.Cursor + 1} to {cursor} are said to be lost and are retained"
                : null);
    }

    /// <summary>EventWriter.WriteEventsAsync. Promises 1 and 3 are kept or broken here.</summary>
    private Move TakeEvent(State state)
    {
        var reader = state.Reader;
        var step = new Step(Actor.Reader, Does.TakeEvent);
        var next = reader.Cursor + 1;
        if (options.Mistake == Mistake.MissingRowsUnseen && Lowest(reader.Run, next) is var found && found > next)
            return new Move(step, state with { Reader = After(reader, (byte)found) }, $"promise 3: {next} to {found - 1} are skipped and nobody says so");

        // FrameBuffer: the frames stand in the order of their sequences, from the first on.
        var first = Lowest(reader.Run, next);
        var at = first;
        for (var i = first; i < next; i++)
            at = Lowest(reader.Run & ~State.Range(0, at), 0);

        if (at == 0)
            return new Move(step, state with { Reader = reader with { At = ReaderAt.Idle, Run = 0 } });

        return new Move(
            step,
            state with { Reader = After(reader, (byte)next) },
            at != next ? $"promise 1: {at} is given out as {next}" : next > state.Last ? $"promise 1: {next} is read and was never committed" : null);
    }

    /// <summary>TopicReader.MoveTo. What has been loaded serves for as long as there is more of it.</summary>
    private static Reader After(Reader reader, byte cursor) => (reader.Run >> (cursor + 1)) != 0
        ? reader with { Cursor = cursor }
        : reader with { Cursor = cursor, At = ReaderAt.Idle, Run = 0 };

    private static bool Has(int run, int sequence) => (run & (1 << sequence)) != 0;

    private static int Lowest(int run, int otherwise) => run == 0 ? otherwise : BitOperations.TrailingZeroCount(run);
}
