using System.Numerics;

namespace SseFunctions.Tests.EventLog.Model;

/// <summary>
/// One state of the world: the table, what is on its way to it, and where everybody is. Of an ETag the
/// state has only whether it is still the head's: one that is not never will be again.
/// </summary>
internal readonly record struct State
{
    private const int NonceBits = 5;
    private const int LateBits = 4;
    private const ulong LateMask = 15;

    public State()
    {
    }

    /// <summary>The head's last sequence; 0 while there is no head.</summary>
    public byte Last { get; init; }

    /// <summary>The head's first retained sequence.</summary>
    public byte First { get; init; } = 1;

    /// <summary>Whether the head says that the topic takes no more events.</summary>
    public bool IsComplete { get; init; }

    /// <summary>Which append made each event that was ever committed, by its nonce: what the rows hold, and what trimmed rows held.</summary>
    private ulong Log { get; init; }

    /// <summary>Which event rows are in the table, a bit a sequence.</summary>
    public ushort Rows { get; init; }

    /// <summary>Which idempotency rows are in the table, a bit an append.</summary>
    public byte Keys { get; init; }

    /// <summary>
    /// Transactions that are given up for lost and still on their way, on condition of the head as it is: the sequence of each, four
    /// bits a nonce. All tries of a nonce on that condition are one and the same.
    /// </summary>
    private ulong Late { get; init; }

    public Writer A { get; init; }

    public Writer B { get; init; }

    public Trimmer Trimmer { get; init; }

    public Reader Reader { get; init; } = new();

    public bool HasHead => Last > 0;

    /// <summary>The nonce of the append that made an event; also the head's, for its last.</summary>
    public byte NonceAt(int sequence) => (byte)((Log >> ((sequence - 1) * NonceBits)) & ((1 << NonceBits) - 1));

    public bool HasRow(int sequence) => (Rows & (1 << sequence)) != 0;

    /// <summary>The newest event of an append; 0 when there is none.</summary>
    public int SequenceOf(int append)
    {
        for (int sequence = Last; sequence > 0; sequence--)
        {
            if (NonceAt(sequence) is > 0 and var nonce && Nonce.AppendOf(nonce) == append)
                return sequence;
        }

        return 0;
    }

    public bool HasNonce(byte nonce)
    {
        for (var sequence = 1; sequence <= Last; sequence++)
        {
            if (NonceAt(sequence) == nonce)
                return true;
        }

        return false;
    }

    public bool IsAnythingLate => Late != 0;

    /// <summary>The sequence that a transaction on its way would make; 0 when there is none.</summary>
    public byte LateSequence(int nonce) => (byte)((Late >> (nonce * LateBits)) & LateMask);

    public State WithLate(int nonce, int sequence) => this with { Late = (Late & ~(LateMask << (nonce * LateBits))) | ((ulong)sequence << (nonce * LateBits)) };

    /// <summary>With all that is on its way in another state: for a protocol whose transactions have no condition.</summary>
    public State WithLateOf(State other) => this with { Late = other.Late };

    public State WithEvent(int sequence, byte nonce) => this with
    {
        Last = (byte)sequence,
        Log = (Log & ~(((1UL << NonceBits) - 1) << ((sequence - 1) * NonceBits))) | ((ulong)nonce << ((sequence - 1) * NonceBits)),
        Rows = (ushort)(Rows | (1 << sequence)),
    };

    /// <summary>Without who made the events that do not matter.</summary>
    public State WithLogOf(Func<byte, bool> matters)
    {
        var log = 0UL;
        for (var sequence = 1; sequence <= Last; sequence++)
        {
            if (NonceAt(sequence) is > 0 and var nonce && matters(nonce))
                log |= (ulong)nonce << ((sequence - 1) * NonceBits);
        }

        return this with { Log = log };
    }

    /// <summary>The head was written: whatever is on condition of it as it was can no longer be done.</summary>
    public State WithNewETag() => this with
    {
        Late = 0,
        A = A with { KnowsHead = false },
        B = B with { KnowsHead = false },
        Trimmer = Trimmer with { KnowsHead = false },
    };

    public Writer Writer(int writer) => writer == 0 ? A : B;

    public State With(int writer, Writer changed) => writer == 0 ? this with { A = changed } : this with { B = changed };

    /// <summary>How many events of this range have rows.</summary>
    public int RowsFrom(int first, int last) => BitOperations.PopCount((uint)(Rows & Range(first, last)));

    public static int Range(int first, int last) => last < first ? 0 : ((1 << (last - first + 1)) - 1) << first;
}
