using SseFunctions.EventLog;
using SseFunctions.Streaming;

namespace SseFunctions.Tests.EventLog.Model;

/// <summary>One topic, the feed of a process, its push loop, and two streams of it.</summary>
/// <param name="Table">The head as the table has it; null while there is no log.</param>
/// <param name="Hint">What the change feed is to announce; null for nothing.</param>
/// <param name="Written">A commit of this process that its feed has not heard of; null for none.</param>
/// <param name="View">What the feed knows: the feed's own class.</param>
/// <param name="Held">The frames in memory, a bit a sequence, of the log that the view knows.</param>
/// <param name="Poll">A read of the head under way; null for none.</param>
/// <param name="HintedRows">A read of rows that a hint has announced; null for none.</param>
/// <param name="Push">The push loop.</param>
/// <param name="A">A stream that is there from the beginning.</param>
/// <param name="B">Another one, that comes with an id; null before.</param>
internal sealed record Pushes(
    TopicHead? Table, (EventId Last, bool HasEnded)? Hint, TopicHead? Written, TopicView View, int Held, HeadRead? Poll, RowsRead? HintedRows, PushRound Push, Client A, Client? B)
{
    public IEnumerable<bool> Clients => B is null ? [false] : [false, true];

    public Client Client(bool isB) => isB ? B! : A;

    public Pushes With(bool isB, Client client) => isB ? this with { B = client } : this with { A = client };
}

/// <param name="Number">Its number.</param>
/// <param name="Writes">TopicView.Writes when it began.</param>
/// <param name="IsAsked">Whether the table has read it.</param>
/// <param name="Head">What it read then.</param>
internal sealed record HeadRead(long Number, long Writes, bool IsAsked, TopicHead? Head);

/// <param name="After">The event before the first.</param>
/// <param name="To">The last one.</param>
/// <param name="Committed">The last one that is known to be committed.</param>
/// <param name="Rows">What the table had, a bit a sequence; null before it was asked.</param>
internal sealed record RowsRead(EventId After, long To, long Committed, int? Rows = null);

internal enum PushAt : byte
{
    Waiting,
    Taking,
    Giving,
    Loading,
}

/// <param name="IsSignalled">Whether there may be something new.</param>
/// <param name="Until">The last event of the round.</param>
/// <param name="After">The event before those that are being given.</param>
/// <param name="Last">The last of those.</param>
/// <param name="ToA">Whether A is still to be given them.</param>
/// <param name="ToB">Whether B is.</param>
/// <param name="HasLoaded">Whether the events were loaded, to be found in memory now.</param>
internal sealed record PushRound(PushAt At, bool IsSignalled, EventId? Until = null, EventId After = default, long Last = 0, bool ToA = false, bool ToB = false, bool HasLoaded = false, RowsRead? Load = null);

internal enum ClientAt : byte
{
    /// <summary>It reads, and writes to its client: nobody else does.</summary>
    Reading,

    /// <summary>It has all there is and is about to wait.</summary>
    Leaving,

    /// <summary>It waits, and the push loop may write to its client.</summary>
    Waiting,

    /// <summary>It waits for rows or a head, and keeps its client to itself.</summary>
    Holding,

    /// <summary>Its topic was deleted.</summary>
    Ended,
}

/// <param name="IsWoken">Whether its signal is set.</param>
/// <param name="Ticket">How many polls had started when it came.</param>
/// <param name="Load">What it loads; null for nothing.</param>
internal sealed record Client(ClientAt At, EventId Cursor, bool IsWoken, long Ticket, RowsRead? Load);
