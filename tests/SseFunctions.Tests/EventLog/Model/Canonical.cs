namespace SseFunctions.Tests.EventLog.Model;

/// <summary>
/// Of states that differ only in what nobody will ever look at again, one stands for all: who made an event matters while its
/// append is under way, and no longer; a trimmed row, while a reader may find it missing, or a writer that asks whose it is.
/// </summary>
internal static class Canonical
{
    public static State Of(State state, bool hasReader)
    {
        if (!hasReader)
        {
            var rows = State.Range(state.First, state.Last) | Asked(state.A) | Asked(state.B);
            state = state with { Rows = (ushort)(state.Rows & rows), Trimmer = WithRows(state.Trimmer, rows) };
        }

        var (live, underWay) = (Live(state), 0);
        for (byte nonce = 1; nonce <= Nonce.Max; nonce++)
            underWay |= (live & (1 << nonce)) != 0 ? 1 << Nonce.AppendOf(nonce) : 0;

        return (state with { A = Of(state.A), B = Of(state.B), Keys = (byte)(state.Keys & underWay) }).WithLogOf(nonce => (underWay & (1 << Nonce.AppendOf(nonce))) != 0);
    }

    /// <summary>The row that HasLandedAsync may look for.</summary>
    private static int Asked(Writer writer) => (writer.IsInDoubt ? 1 << writer.Sequence : 0) | (writer.At == WriterAt.Append ? 1 << (writer.KnownLast + 1) : 0);

    private static Trimmer WithRows(Trimmer trimmer, int rows) =>
        trimmer.At == TrimmerAt.DeleteRows ? trimmer with { Found = (ushort)(trimmer.Found & rows) } : trimmer;

    /// <summary>The nonces of what the writers write now, and of what is on its way, a bit each.</summary>
    private static int Live(State state)
    {
        var live = 0;
        for (var writer = 0; writer < ModelOptions.Writers; writer++)
        {
            if (state.Writer(writer).At != WriterAt.Done)
                live |= 1 << Nonce.Of(writer, state.Writer(writer));
        }

        for (byte nonce = 1; nonce <= Nonce.Max; nonce++)
            live |= state.LateSequence(nonce) > 0 ? 1 << nonce : 0;

        return live;
    }

    /// <summary>What a writer's next request does not depend on, its next answer sets anew.</summary>
    private static Writer Of(Writer writer) => writer switch
    {
        { At: WriterAt.Append } => writer with { Sequence = 0, IsFirst = false, WasConflict = false, WasCurrent = false },
        { At: WriterAt.ReadHead, IsInDoubt: false } => writer with { KnowsComplete = false, KnownLast = 0, Sequence = 0, IsFirst = false, WasConflict = false },
        { At: WriterAt.ReadHead } => writer with { KnowsComplete = false, KnownLast = 0 },
        { At: WriterAt.ReadKey or WriterAt.Fence } => writer with { Sequence = 0, IsFirst = false, WasConflict = false },
        _ => writer,
    };
}
