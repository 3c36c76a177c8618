namespace SseFunctions.Streaming;

/// <summary>Bounds the bytes that are under way at a time, first come first served; more than the capacity goes only alone.</summary>
/// <param name="capacity">Bytes.</param>
internal sealed class ByteGate(long capacity)
{
    private readonly Lock gate = new();
    private readonly Queue<(long Bytes, TaskCompletionSource Turn)> waiting = [];
    private long used;

    /// <summary>How many wait for their turn.</summary>
    public int Waiting
    {
        get
        {
            lock (gate)
                return waiting.Count;
        }
    }

    /// <summary>Waits for room.</summary>
    /// <returns>Gives the room back.</returns>
    public async Task<IDisposable> EnterAsync(long bytes, CancellationToken cancellationToken)
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            waiting.Enqueue((bytes, turn));
            AdmitNext();
        }

        using (cancellationToken.UnsafeRegister(_ => turn.TrySetCanceled(cancellationToken), null))
            await turn.Task;

        return new Room(this, bytes);
    }

    private void Leave(long bytes)
    {
        lock (gate)
        {
            used -= bytes;
            AdmitNext();
        }
    }

    private void AdmitNext()
    {
        while (waiting.TryPeek(out var next) && (used == 0 || used + next.Bytes <= capacity || next.Turn.Task.IsCompleted))
        {
            waiting.Dequeue();
            if (next.Turn.TrySetResult()) // one that has given up waiting takes no room
                used += next.Bytes;
        }
    }

    private sealed class Room(ByteGate gate, long bytes) : IDisposable
    {
        public void Dispose() => gate.Leave(bytes);
    }
}
