namespace SseFunctions.Tests.EventLog.Model;

/// <summary>The table does an append's transaction: TopicTransaction.Operations, all or none.</summary>
internal static class Committed
{
    /// <summary>Promises 1 and 2 are kept or broken here.</summary>
    public static Move Move(Step step, State state, byte nonce, int sequence)
    {
        var broken = sequence != state.Last + 1 ? $"promise 1: {sequence} is committed after {state.Last}"
            : state.HasNonce(nonce) ? $"promise 2: one append stands twice, the second time as {sequence}"
            : IsRetained(state, Nonce.AppendOf(nonce)) ? $"promise 2: an append that was repeated under its key, and is retained, stands again as {sequence}"
            : null;
        if (sequence > state.Last + 1)
            return new Move(step, state, broken);

        var isKeyed = Nonce.HasKey(Nonce.WriterOf(nonce));
        var done = state.WithEvent(sequence, nonce) with { Keys = (byte)(state.Keys | (isKeyed ? 1 << Nonce.AppendOf(nonce) : 0)) };
        return new Move(step, done.WithNewETag(), broken);
    }

    private static bool IsRetained(State state, int append) => state.SequenceOf(append) >= state.First;
}
